/** How a column of a source is stored. A map holds what has no fixed set of names, such as tags. */
export type SourceKind = 'text' | 'time' | 'cost' | 'quantity' | 'map'

/** The columns of a source that have one of their own in `line_items`, by kind. */
export type SourceColumns = Readonly<Record<SourceKind, readonly string[]>>

const names = (text: string): readonly string[] => text.trim().split(/\s+/)

/**
 * The columns of AWS's Cost and Usage Reports, under the names of version 2.0; those of version 1 are the same in other spellings.
 * savings_plan_net_amortized_upfront_commitment_for_billing_period is too long for a name in PostgreSQL and is kept as an unknown one.
 * https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html
 */
export const curColumns: SourceColumns = {
  text: names(`
    identity_line_item_id identity_time_interval
    bill_bill_type bill_billing_entity bill_invoice_id bill_invoicing_entity bill_payer_account_id bill_payer_account_name
    line_item_availability_zone line_item_currency_code line_item_legal_entity line_item_line_item_description
    line_item_line_item_type line_item_operation line_item_product_code line_item_resource_id line_item_tax_type
    line_item_usage_account_id line_item_usage_account_name line_item_usage_type
    pricing_currency pricing_lease_contract_length pricing_offering_class pricing_purchase_option pricing_rate_code
    pricing_rate_id pricing_term pricing_unit
    product_comment product_fee_code product_fee_description product_from_location product_from_location_type
    product_from_region_code product_instance_family product_instance_type product_instancesku product_location
    product_location_type product_operation product_pricing_unit product_product_family product_region_code
    product_servicecode product_sku product_to_location product_to_location_type product_to_region_code product_usagetype
    reservation_availability_zone reservation_end_time reservation_modification_status reservation_number_of_reservations
    reservation_reservation_a_r_n reservation_start_time reservation_subscription_id reservation_units_per_reservation
    reservation_normalized_units_per_reservation
    savings_plan_end_time savings_plan_instance_type_family savings_plan_offering_type savings_plan_payment_option
    savings_plan_purchase_term savings_plan_region savings_plan_savings_plan_a_r_n savings_plan_start_time
    split_line_item_parent_resource_id`),
  time: names(`
    bill_billing_period_start_date bill_billing_period_end_date line_item_usage_start_date line_item_usage_end_date`),
  cost: names(`
    line_item_unblended_cost line_item_unblended_rate line_item_blended_cost line_item_blended_rate
    line_item_net_unblended_cost line_item_net_unblended_rate
    pricing_public_on_demand_cost pricing_public_on_demand_rate
    discount_bundled_discount discount_total_discount
    reservation_amortized_upfront_cost_for_usage reservation_amortized_upfront_fee_for_billing_period
    reservation_effective_cost reservation_recurring_fee_for_usage reservation_upfront_value
    reservation_unused_amortized_upfront_fee_for_billing_period reservation_unused_recurring_fee
    reservation_net_amortized_upfront_cost_for_usage reservation_net_amortized_upfront_fee_for_billing_period
    reservation_net_effective_cost reservation_net_recurring_fee_for_usage reservation_net_upfront_value
    reservation_net_unused_amortized_upfront_fee_for_billing_period reservation_net_unused_recurring_fee
    savings_plan_amortized_upfront_commitment_for_billing_period savings_plan_recurring_commitment_for_billing_period
    savings_plan_net_recurring_commitment_for_billing_period
    savings_plan_net_savings_plan_effective_cost savings_plan_savings_plan_effective_cost savings_plan_savings_plan_rate
    savings_plan_total_commitment_to_date savings_plan_used_commitment
    split_line_item_split_cost split_line_item_net_split_cost split_line_item_unused_cost split_line_item_net_unused_cost
    split_line_item_public_on_demand_split_cost split_line_item_public_on_demand_unused_cost`),
  quantity: names(`
    line_item_usage_amount line_item_normalization_factor line_item_normalized_usage_amount
    reservation_total_reserved_normalized_units reservation_total_reserved_units
    reservation_unused_normalized_unit_quantity reservation_unused_quantity
    split_line_item_actual_usage split_line_item_reserved_usage split_line_item_split_usage
    split_line_item_split_usage_ratio`),
  map: names('product resource_tags cost_category discount'),
}

/** The columns of FOCUS 1.0 to 1.2. https://focus.finops.org */
export const focusColumns: SourceColumns = {
  text: names(`
    availability_zone billing_account_id billing_account_name billing_account_type billing_currency
    capacity_reservation_id capacity_reservation_status charge_category charge_class charge_description charge_frequency
    commitment_discount_category commitment_discount_id commitment_discount_name commitment_discount_status
    commitment_discount_type commitment_discount_unit consumed_unit invoice_id invoice_issuer_name pricing_category
    pricing_unit provider_name publisher_name region_id region_name resource_id resource_name resource_type
    service_category service_name service_subcategory sku_id sku_meter sku_price_id sub_account_id sub_account_name
    sub_account_type`).filter((name) => !curColumns.text.includes(name)),
  time: names('billing_period_start billing_period_end charge_period_start charge_period_end'),
  cost: names('billed_cost contracted_cost contracted_unit_price effective_cost list_cost list_unit_price'),
  quantity: names('commitment_discount_quantity consumed_quantity pricing_quantity'),
  map: names('tags sku_price_details'),
}
