-- Sends the JWTs of a file in turn. The requests are formatted in advance, because wrk shares the machine with the Worker.
local requests, last = {}, 0

function init()
  for jwt in io.lines(file) do
    wrk.headers["authorization"] = "Bearer " .. jwt
    requests[#requests + 1] = wrk.format()
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
