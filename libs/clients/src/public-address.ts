import ipaddr from 'ipaddr.js';

/** The part of IPv6 that is given out as global unicast addresses (RFC 4291 §2.4); `::7f00:1` and its like are IPv4 addresses in disguise. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether an address is reachable by everybody: not private, loopback, link-local, shared, reserved or mapped to such. */
export const isPublicAddress = (address: string): boolean => {
  if (!ipaddr.isValid(address)) return false;
  const read = ipaddr.process(address);
  return read.range() === 'unicast' && (read instanceof ipaddr.IPv4 || read.match(globalUnicast));
};
