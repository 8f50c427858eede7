/** A name, its value, and what is to be known of the value. */
export type Figure = readonly [name: string, value: string, note: string]

/** What a page tells in a few numbers. */
export const Figures = ({ figures }: { figures: readonly Figure[] }) => (
  <dl class="figures">
    {figures.map(([name, value, note]) => (
      <div>
        <dt>{name}</dt>
        <dd>
          {value}
          <small>{note}</small>
        </dd>
      </div>
    ))}
  </dl>
)
