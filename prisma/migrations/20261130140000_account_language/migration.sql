-- The language in which a person is written to about their account where nobody asked for a letter: that of the pages on which they sign in.
ALTER TABLE "account_profile" ADD COLUMN "language" TEXT;
