/** What a figure takes for given because records do not tell it. */
export interface Assumption {
  readonly giveUpShare: number;
  /** How alike the spans are that people intend to work: the shape of a gamma distribution. */
  readonly spanShape: number;
}
