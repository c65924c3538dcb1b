import { Module } from '@nestjs/common';
import { KeysController } from './keys.controller.js';
import { KeysStore } from './keys.store.js';

/** The signing keys. */
@Module({
  controllers: [KeysController],
  providers: [KeysStore],
  exports: [KeysStore],
})
export class KeysModule {}
