/** An assumption of a figure that records cannot confirm. */
export interface Assumption {
  readonly giveUpShare: number;
  /** How alike the spans are that people intend to work: the shape of a gamma distribution. */
  readonly spanShape: number;
}
