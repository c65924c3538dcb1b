/** `count` whole numbers from 1 to `total`, evenly spread and all different, so that a sample touches the whole table. */
export function spread(total, count) {
  const wanted = Math.min(total, count);
  return Array.from({ length: wanted }, (_, index) => 1 + Math.floor((index * total) / wanted));
}
