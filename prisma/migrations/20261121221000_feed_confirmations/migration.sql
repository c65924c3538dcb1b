-- Ends that a node's followers have confirmed lately; whoever waits for a confirmation looks here.
ALTER TABLE "feed_node" ADD COLUMN "confirmed" TEXT[] NOT NULL DEFAULT '{}';
