import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http';

/** An Express application, which gives its prototypes to every request and every answer that it handles. */
export interface ExpressApplication {
  request: object;
  response: object;
}

/**
 * The classes of the messages of a server behind whose door that application stands. Left to itself, Express changes the prototype of each
 * message. V8 then makes a hidden class for each of them, so no code stays compiled for their shape, and all that they hold outlives short
 * collections. Messages that are made with the application's prototypes are left as they are (ADR 128 has what that is worth). The prototypes
 * of the application are replaced, so an application has one server.
 */
export function messagesOf(application: ExpressApplication): ServerOptions {
  class Request extends IncomingMessage {}
  class Response<To extends IncomingMessage = IncomingMessage> extends ServerResponse<To> {}
  Object.setPrototypeOf(Request.prototype, application.request);
  Object.setPrototypeOf(Response.prototype, application.response);
  Object.assign(application, { request: Request.prototype, response: Response.prototype });
  return { IncomingMessage: Request, ServerResponse: Response };
}
