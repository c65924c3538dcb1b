-- When a person was first asked to set up a second factor; their time to do so runs from then.
ALTER TABLE "account" ADD COLUMN "enrolment_asked_at" TIMESTAMPTZ(3);
