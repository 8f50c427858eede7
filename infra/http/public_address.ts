import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** What is not the internet, by IANA's registries of special-purpose addresses: ourselves, private nets, link-local with the clouds' metadata, tests, multicast. */
const notPublic4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
/** Of the global unicast addresses, which are the only ones allowed: those that carry or stand for others. */
const notPublic6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
const global6 = ['2000::/3']

const listOf = (subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}
const lists = {
  notPublic4: listOf(notPublic4, 'ipv4'),
  notPublic6: listOf(notPublic6, 'ipv6'),
  global6: listOf(global6, 'ipv6'),
  loopback4: listOf(['127.0.0.0/8'], 'ipv4'),
  loopback6: listOf(['::1/128'], 'ipv6'),
}

/** Whether an address is one of the public internet. An IPv4 address in IPv6's clothes is not, whatever it stands for. */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !lists.notPublic4.check(address, 'ipv4')
  if (!isIPv6(address) || address.includes('%')) return false
  return lists.global6.check(address, 'ipv6') && !lists.notPublic6.check(address, 'ipv6')
}

export const isLoopbackAddress = (address: string): boolean =>
  isIPv4(address) ? lists.loopback4.check(address, 'ipv4') : isIPv6(address) && lists.loopback6.check(address, 'ipv6')
