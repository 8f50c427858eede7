/** What makes charges of the lines of a Cost and Usage Report, as SQL over the columns of `line_items`. */

const type = 'line_item_line_item_type'
/** An amount that the report leaves empty is none. */
const amount = (column: string): string => `coalesce(${column}, 0)`
const isReservationFee = "coalesce(reservation_reservation_a_r_n, '') <> ''"

/**
 * What a line cost when commitments are spread over the use they cover: usage under a commitment at its effective price, and of the
 * commitment itself only what was not used. https://docs.aws.amazon.com/cur/latest/userguide/amortized-reservation.html
 */
export const amortized = (unblended: string, net: '' | 'net_'): string => `CASE ${type}
    WHEN 'SavingsPlanCoveredUsage' THEN coalesce(savings_plan_${net}savings_plan_effective_cost, ${unblended})
    WHEN 'SavingsPlanRecurringFee' THEN ${amount('savings_plan_total_commitment_to_date')} - ${amount('savings_plan_used_commitment')}
    WHEN 'SavingsPlanNegation' THEN 0
    WHEN 'SavingsPlanUpfrontFee' THEN 0
    WHEN 'DiscountedUsage' THEN coalesce(reservation_${net}effective_cost, ${unblended})
    WHEN 'RIFee' THEN ${amount(`reservation_${net}unused_amortized_upfront_fee_for_billing_period`)}
      + ${amount(`reservation_${net}unused_recurring_fee`)}
    WHEN 'Fee' THEN if(${isReservationFee}, 0, ${unblended})
    ELSE ${unblended} END`

/** FOCUS's category of a line type. Discounts are adjustments: FOCUS has them in the price, the report as lines of their own. */
export const chargeCategory = `CASE
    WHEN ${type} IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation') THEN 'Usage'
    WHEN ${type} IN ('Fee', 'RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee') THEN 'Purchase'
    WHEN ${type} = 'Tax' THEN 'Tax'
    WHEN ${type} = 'Credit' THEN 'Credit'
    ELSE 'Adjustment' END`

export const chargeClass = `CASE WHEN ${type} = 'Refund' THEN 'Correction' END`

export const chargeFrequency = `CASE
    WHEN ${type} IN ('RIFee', 'SavingsPlanRecurringFee') THEN 'Recurring'
    WHEN ${type} IN ('Fee', 'SavingsPlanUpfrontFee', 'Tax', 'Credit', 'Refund') THEN 'One-Time'
    ELSE 'Usage-Based' END`

export const commitmentId = `CASE
    WHEN ${type} IN ('SavingsPlanCoveredUsage', 'SavingsPlanRecurringFee', 'SavingsPlanNegation', 'SavingsPlanUpfrontFee')
      THEN savings_plan_savings_plan_a_r_n
    WHEN ${type} IN ('DiscountedUsage', 'RIFee') OR ${type} = 'Fee' AND ${isReservationFee}
      THEN coalesce(reservation_reservation_a_r_n, reservation_subscription_id) END`

export const commitmentType = `CASE
    WHEN ${type} LIKE 'SavingsPlan%' THEN 'Savings Plan'
    WHEN ${type} IN ('DiscountedUsage', 'RIFee') OR ${type} = 'Fee' AND ${isReservationFee} THEN 'Reserved' END`

/** Use that a commitment covered, or what of a commitment nobody used. */
export const commitmentStatus = `CASE
    WHEN ${type} IN ('DiscountedUsage', 'SavingsPlanCoveredUsage') THEN 'Used'
    WHEN ${type} IN ('RIFee', 'SavingsPlanRecurringFee') THEN 'Unused' END`

export const pricingCategory = `CASE
    WHEN ${type} IN ('DiscountedUsage', 'SavingsPlanCoveredUsage') THEN 'Committed'
    WHEN pricing_term = 'Spot' OR line_item_usage_type LIKE '%SpotUsage%' THEN 'Dynamic'
    WHEN ${type} = 'Usage' THEN 'Standard'
    WHEN ${type} IN ('Fee', 'RIFee') THEN 'Other' END`

/** The product's name, where the report says it in the map, else its code. */
export const serviceName = `coalesce(product['product_name'], product['productname'], line_item_product_code)`
export const regionId = `coalesce(product_region_code, product['region'], product['region_code'], product['regioncode'])`
