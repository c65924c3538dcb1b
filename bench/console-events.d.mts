/** The statement that writes so many events ($1): ends of sessions and refused requests by turns. */
export const eventsByTurns: string;
