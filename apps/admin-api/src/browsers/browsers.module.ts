import { Module } from '@nestjs/common';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { BrowsersController } from './browsers.controller.js';

/** The browsers in which somebody is signed in. */
@Module({
  imports: [UsernamesModule, SessionsModule],
  controllers: [BrowsersController],
})
export class BrowsersModule {}
