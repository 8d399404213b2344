-- wrk: POST one row a request. REMINT_BODIES names a file with a JSON body a line; they are sent in turn.
local bodies, at = {}, 0
for line in io.lines(os.getenv("REMINT_BODIES")) do bodies[#bodies + 1] = line end

request = function()
  at = at % #bodies + 1
  return wrk.format("POST", "/invocations", {["content-type"] = "application/json"}, bodies[at])
end

done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "seconds": %.3f, "p50_ms": %.2f, "p99_ms": %.2f, "max_ms": %.2f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
