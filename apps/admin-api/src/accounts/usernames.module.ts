import { Module } from '@nestjs/common';
import { Usernames } from './usernames.store.js';

/** Usernames, for every view that shows an account. */
@Module({
  providers: [Usernames],
  exports: [Usernames],
})
export class UsernamesModule {}
