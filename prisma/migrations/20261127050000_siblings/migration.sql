-- How many siblings were served since the last rotation. Null, which takes no room, for none; a rotation sets it back.
ALTER TABLE "session" ADD COLUMN "siblings" INTEGER;
