# syntax=docker/dockerfile:1

# One image for every server of this house; the command says which one runs.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY . .
# Installs, generates and compiles, as npm start does.
RUN --mount=type=cache,target=/root/.npm npm run build
# What the image carries is built output, manifests and what is needed at run time; the optional packages are the embedded PostgreSQL.
# The one native package is tried here: one that does not load fails the build and not the first sign-in.
RUN npm prune --omit=dev --omit=optional --ignore-scripts \
 && node --input-type=module --eval "await (await import('argon2')).hash('probe')" \
 && find libs apps -depth -type d -name src -exec rm -rf {} + \
 && find libs apps -name '*.tsbuildinfo' -delete \
 && rm -rf node_modules/.cache

FROM node:${NODE_VERSION}-bookworm-slim AS runtime
LABEL org.opencontainers.image.title="Curfew" \
      org.opencontainers.image.description="An OAuth 2.0 / OpenID Connect token service whose sessions end when they should." \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    CURFEW_MODE=production \
    CURFEW_AUTH_HOST=0.0.0.0 \
    CURFEW_ADMIN_HOST=0.0.0.0 \
    CURFEW_GATEWAY_HOST=0.0.0.0
WORKDIR /app
# Owned by root and not writable for the user that runs it: nothing in the image can be changed at run time.
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/libs ./libs
COPY --from=build /app/apps ./apps
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/deploy/healthcheck.mjs ./deploy/healthcheck.mjs
# The one folder that is written to, where CURFEW_STATE_FOLDER names it; a new volume takes its owner from here.
RUN install -d -o node -g node -m 0700 /var/lib/curfew
USER node
EXPOSE 3000 3001 3002
# Node is process 1 and handles SIGTERM itself: it finishes what it began and exits.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "deploy/healthcheck.mjs"]
CMD ["node", "--enable-source-maps", "apps/auth-server/dist/main.js"]
