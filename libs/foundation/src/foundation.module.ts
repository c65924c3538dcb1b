import { type DynamicModule, Module } from '@nestjs/common';
import type { Foundation } from './open-foundation.js';
import { foundationProviders, foundationToken } from './providers.js';

/** The foundation for every module of a process: providers ask for its members by their classes, and for all of it by `foundationToken`. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: modules of Nest that take parts are made by `forRoot`
export class FoundationModule {
  /** The parts are open already, so that an error at start names its cause before there is a container. */
  static forRoot(foundation: Foundation): DynamicModule {
    const providers = [
      { provide: foundationToken, useValue: foundation },
      ...foundationProviders(foundation),
    ];
    return {
      module: FoundationModule,
      global: true,
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}
