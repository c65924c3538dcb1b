-- Asks the gateway whether a request may pass, and keeps the answer in variables of the transaction:
-- txn.curfew_status, txn.curfew_challenge and one for each header of the answer that is named below. HAProxy 2.6 or newer, built with Lua.
-- Nothing is decided here: haproxy.cfg denies everything that was not answered with 200.

local gateway = os.getenv("CURFEW_GATEWAY_ADDRESS") or "127.0.0.1:3002"

-- What the gateway decides by, beside method, host and path, and the number that haproxy.cfg gave the request.
local asked_by = {
  "authorization", "dpop", "cookie", "accept", "x-session-activity", "x-request-id",
  -- These tell a person from a script, and a request of this site from one that another site made a browser send.
  "origin", "x-requested-with", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest",
  "sec-websocket-key", "sec-websocket-version",
  -- The method that a preflight names.
  "access-control-request-method",
}

local told = {
  ["x-curfew-subject"] = "txn.curfew_subject",
  ["x-curfew-client"] = "txn.curfew_client",
  ["x-curfew-session"] = "txn.curfew_session",
  ["x-curfew-scope"] = "txn.curfew_scope",
  ["x-curfew-acr"] = "txn.curfew_acr",
  ["x-curfew-auth-time"] = "txn.curfew_auth_time",
  ["x-session-idle-expires-in"] = "txn.curfew_idle",
  ["x-session-idle-warning-in"] = "txn.curfew_idle_warning",
  ["www-authenticate"] = "txn.curfew_challenge",
  ["dpop-nonce"] = "txn.curfew_nonce",
  -- Of routes to which people are signed in: where the sign-in begins, the new cookie after a refresh, and the cookies for the upstream.
  ["location"] = "txn.curfew_location",
  ["set-cookie"] = "txn.curfew_new_cookie",
  ["cookie"] = "txn.curfew_cookies",
}

local function decide(txn)
  txn:set_var("txn.curfew_status", 503)
  local sent = txn.http:req_get_headers()
  local headers = {
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-forwarded-host"] = { txn.sf:req_hdr("host") },
    ["x-forwarded-uri"] = { txn.sf:pathq() },
  }
  for _, name in ipairs(asked_by) do
    local values = sent[name]
    if values ~= nil then
      headers[name] = {}
      for _, value in pairs(values) do
        table.insert(headers[name], value)
      end
    end
  end
  local answer = core.httpclient():get({
    url = "http://" .. gateway .. "/forward-auth",
    headers = headers,
    -- A decision may wait for a refresh, which has five seconds.
    timeout = 6000,
  })
  if answer == nil or answer.status == nil then
    return
  end
  for name, variable in pairs(told) do
    local values = answer.headers[name]
    txn:set_var(variable, values and values[0] or "")
  end
  txn:set_var("txn.curfew_status", answer.status)
end

core.register_action("curfew", { "http-req" }, decide, 0)
