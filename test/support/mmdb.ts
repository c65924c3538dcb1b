import ipaddr from 'ipaddr.js';

type Value = string | number | { readonly [key: string]: Value } | readonly Value[];

const control = (type: number, size: number): Buffer => {
  if (size >= 285) throw new RangeError('this writer only knows short values');
  const [low, extra] = size < 29 ? [size, []] : [29, [size - 29]];
  return Buffer.from(type <= 7 ? [(type << 5) | low, ...extra] : [low, type - 7, ...extra]);
};

const encode = (value: Value): Buffer => {
  if (typeof value === 'string')
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as Record<string, Value>);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([k, v]) => [encode(k), encode(v)])]);
};

interface Node {
  readonly branches: [Node | Buffer | null, Node | Buffer | null];
}

const bitsOf = (cidr: string): number[] => {
  const [address, length] = ipaddr.parseCIDR(cidr);
  // IPv4 lives in the IPv6 tree as ::a.b.c.d, i.e. below 96 zero bits.
  const bytes =
    address.kind() === 'ipv4' ? [...Array(12).fill(0), ...address.toByteArray()] : address.toByteArray();
  const depth = address.kind() === 'ipv4' ? 96 + length : length;
  return bytes.flatMap((byte) => [...Array(8).keys()].map((i) => (byte >> (7 - i)) & 1)).slice(0, depth);
};

const insert = (root: Node, cidr: string, data: Buffer): void => {
  const bits = bitsOf(cidr);
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const next = node.branches[bit] ?? { branches: [null, null] };
    if (Buffer.isBuffer(next)) throw new RangeError(`${cidr} lies inside another network`);
    node.branches[bit] = next;
    node = next;
  }
  node.branches[bits.at(-1) ?? 0] = data;
};

const numbered = (root: Node): Map<Node, number> => {
  const numbers = new Map<Node, number>([[root, 0]]);
  for (const node of numbers.keys()) {
    for (const branch of node.branches) {
      if (branch !== null && !Buffer.isBuffer(branch)) numbers.set(branch, numbers.size);
    }
  }
  return numbers;
};

/**
 * A small address database in MMDB format 2.0, made from invented records, so that tests need no licensed file.
 * Keys are networks ("203.0.113.0/24"), values the record of each.
 */
export const mmdbFile = (databaseType: string, records: Readonly<Record<string, Value>>): Buffer => {
  const root: Node = { branches: [null, null] };
  const data: Buffer[] = [];
  const offsets = new Map<Buffer, number>();
  for (const [cidr, record] of Object.entries(records)) {
    const encoded = encode(record);
    offsets.set(
      encoded,
      data.reduce((sum, item) => sum + item.length, 0),
    );
    data.push(encoded);
    insert(root, cidr, encoded);
  }
  const numbers = numbered(root);
  const tree = Buffer.alloc(numbers.size * 8);
  for (const [node, number] of numbers) {
    node.branches.forEach((branch, side) => {
      const pointer =
        branch === null
          ? numbers.size
          : Buffer.isBuffer(branch)
            ? numbers.size + 16 + (offsets.get(branch) ?? 0)
            : (numbers.get(branch) ?? 0);
      tree.writeUInt32BE(pointer, number * 8 + side * 4);
    });
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: databaseType,
    description: { en: 'invented records for tests' },
    ip_version: 6,
    languages: ['en'],
    node_count: numbers.size,
    record_size: 32,
  });
  const marker = Buffer.from('ABCDEF4D61784D696E642E636F6D', 'hex');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
};
