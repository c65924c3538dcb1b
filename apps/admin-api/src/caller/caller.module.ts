import { Module } from '@nestjs/common';
import { UsernamesModule } from '../accounts/usernames.module.js';
import { CallerController } from './caller.controller.js';

/** The caller of a request, as the API sees them. */
@Module({ imports: [UsernamesModule], controllers: [CallerController] })
export class CallerModule {}
