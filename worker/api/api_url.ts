/** Listening everywhere includes here; an IPv6 address stands in brackets. */
export const apiUrl = ({ host, port }: { readonly host: string; readonly port: number }): string => {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
