import type { IncomingMessage } from 'node:http';
import {
  type CanActivate,
  createParamDecorator,
  type DynamicModule,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
  SetMetadata,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost, Reflector } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { refusalBody } from '../http/challenges.js';
import { accessOf, metadataEndpoint, noteAccess, verifiable } from '../http/middleware.js';
import { type Requirement, together } from '../requirement.js';
import type { TokenFacts } from '../token-facts.js';
import { Verifier } from '../verifier.js';
import type { VerifierOptions } from '../verifier-options.js';
import { signatureBy } from './jwt-signature.js';

const requirementKey = 'curfew:requirement';
const publicKey = 'curfew:public';

/** The requirement of a controller or a handler; that of the handler is added to that of its controller. */
export const Require = (required: Requirement) => SetMetadata(requirementKey, required);

/** Lets everybody in, with or without a token. */
export const Public = () => SetMetadata(publicKey, true);

/** A parameter of a handler: the facts about the token with which the request passed. */
export const Access = createParamDecorator(
  (_: unknown, context: ExecutionContext): TokenFacts => accessOf(context.switchToHttp().getRequest()),
);

/** Lets a request pass when its token is good and has everything its handler requires. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Verifier) private readonly verifier: Verifier,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(publicKey, places)) return true;
    const [ofHandler, ofController] = this.reflector.getAll<(Requirement | undefined)[]>(
      requirementKey,
      places,
    );
    // The handler's own list of classes replaces that of the controller.
    const acrValues = ofHandler?.acrValues ?? ofController?.acrValues;
    const required = together({ ...ofController, acrValues }, ofHandler ?? {});
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingMessage & { raw?: IncomingMessage }>();
    const verdict = await this.verifier.verify(verifiable(request.raw ?? request), required);
    if (verdict.kind === 'allowed') {
      noteAccess(request, verdict.facts);
      return true;
    }
    const { status, headers } = verdict.refusal;
    const response = http.getResponse<{ setHeader?: SetHeader; header?: SetHeader }>();
    for (const [name, value] of Object.entries(headers)) {
      if (response.setHeader) response.setHeader(name, value);
      else response.header?.(name, value);
    }
    throw new HttpException(JSON.parse(refusalBody(verdict.refusal)), status);
  }
}

type SetHeader = (name: string, value: string) => unknown;

/** Guards every handler of the application that is not `@Public()`. */
@Module({})
export class ResourceServerModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(Verifier) private readonly verifier: Verifier,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** Answers requests for the metadata (RFC 9728), which no handler takes and so no guard sees. */
  onModuleInit(): void {
    if (this.verifier.resource) this.host.httpAdapter.use(metadataEndpoint(this.verifier));
  }

  /** Stops following the session feed. */
  async onApplicationShutdown(): Promise<void> {
    await this.verifier.close();
  }

  /** The module with a verifier of its own. JWT signatures are verified by `@nestjs/jwt`. */
  static forRoot(options: VerifierOptions): DynamicModule {
    const verifier: Provider = {
      provide: Verifier,
      inject: [JwtService],
      useFactory: (jwt: JwtService) => new Verifier({ verifySignature: signatureBy(jwt), ...options }),
    };
    return {
      module: ResourceServerModule,
      global: true,
      imports: [JwtModule.register({})],
      providers: [verifier, AccessGuard, { provide: APP_GUARD, useClass: AccessGuard }],
      exports: [Verifier, AccessGuard],
    };
  }
}
