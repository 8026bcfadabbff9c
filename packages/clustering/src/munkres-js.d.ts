declare module "munkres-js" {
  /** Pairs [row, column] of the assignment of least total cost. */
  function munkres(costs: number[][]): [number, number][];
  export = munkres;
}
