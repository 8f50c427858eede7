import { holds } from '../../check.js'
import { boolean, integer, nullable, text, timestamp } from '../../column.js'
import { defineTable } from '../../table.js'

/** What each run told Helius to watch and what Helius confirmed. Never a secret: the URL is kept without user, query and fragment. */
export const webhookSubscription = defineTable('traders_gold.webhook_subscription', {
  dataset: { purpose: 'subscription', subject: 'webhook', grain: 'run' },
  grain: 'One row per run.',
  source: ['Helius /v0/webhooks'],
  columns: {
    as_of: timestamp,
    /** `confirmed` when Helius was seen to watch what was sent. */
    status: text,
    /** What had to be done for it. */
    action: text,
    /** For a person: what happened, and the mend where it failed. */
    message: text,
    webhook_id: nullable(text),
    webhook_url: nullable(text),
    /** How many of the ranking were to be watched. */
    top: integer,
    /** JSON arrays of addresses, in order of rank and in alphabetical order. */
    sent_addresses: text,
    confirmed_addresses: nullable(text),
    is_active: nullable(boolean),
  },
  key: ['as_of'],
  checks: {
    'a status is known': holds("status IN ('confirmed', 'unconfigured', 'failed')"),
    'an action is known': holds(
      "action IN ('unchanged', 'created', 'replaced', 'reenabled', 'kept', 'unconfigured', 'failed')",
    ),
    'a confirmed webhook is named and active': holds(
      "status <> 'confirmed' OR (webhook_id IS NOT NULL AND is_active AND confirmed_addresses IS NOT NULL)",
    ),
    'addresses are JSON arrays': holds(
      "json_type(sent_addresses) = 'ARRAY' AND coalesce(json_type(confirmed_addresses), 'ARRAY') = 'ARRAY'",
    ),
    'the URL holds no secret': holds("coalesce(NOT regexp_matches(webhook_url, '[?#@]'), true)"),
  },
  example: {
    as_of: new Date('2026-11-21T06:00:00Z'),
    status: 'confirmed',
    action: 'created',
    message: 'created the webhook with 1 address',
    webhook_id: '3f8a1c4e-52b7-4d0e-9a51-7c1f0a6f2b11',
    webhook_url: 'https://hooks.example.com/helius',
    top: 10,
    sent_addresses: '["7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5"]',
    confirmed_addresses: '["7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5"]',
    is_active: true,
  },
})
