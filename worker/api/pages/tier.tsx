/** A tier's name; with the one before where it changed. */
export const Tier = ({ name, before }: { name: unknown; before?: unknown }) => (
  <>
    <span class={`badge ${String(name)}`}>{String(name)}</span>
    {before === null || before === undefined || before === name ? null : (
      <span class="faint"> was {String(before)}</span>
    )}
  </>
)
