import { Module } from '@nestjs/common';
import { ProviderActs } from './provider-acts.js';
import { ProvidersController } from './providers.controller.js';

/** The identity providers with which people sign in. */
@Module({ controllers: [ProvidersController], providers: [ProviderActs] })
export class IdentityProvidersModule {}
