-- Routes of gateways that operators keep; gateways ask the authorization server for those of their API.
CREATE TABLE "gateway_route" (
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "resource" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "gateway_route_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "gateway_route_resource_idx" ON "gateway_route"("resource");

-- AddForeignKey
ALTER TABLE "gateway_route" ADD CONSTRAINT "gateway_route_resource_fkey" FOREIGN KEY ("resource") REFERENCES "resource"("audience") ON DELETE CASCADE ON UPDATE CASCADE;
