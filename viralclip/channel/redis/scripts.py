"""What Redis keeps of a job, under which keys, and the scripts that write and read it at once."""

import hashlib

PREFIX = "viralclip:job:"


def keys_of(job_id: str) -> tuple[str, ...]:
    """What a job has in Redis, in the order that the scripts know."""
    parts = ("meta", "events", "told", "ticks", "revisions", "news")
    return tuple(f"{PREFIX}{job_id}:{part}" for part in parts)


# KEYS of every script: meta, events, told, ticks, revisions, news.
# One call numbers the drafts, keeps them, tells whoever listens right now, and rings for watchers.
# ARGV: listeners' channel, seconds to keep an ended job, an epoch, the epoch and number known to
# the publisher; then for each draft its key, its text up to the number and from there on, its mark.
PUBLISH = """
local epoch, last = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq'))
if ARGV[4] ~= '' and (epoch ~= ARGV[4] or tonumber(last) < tonumber(ARGV[5])) then
  if epoch == ARGV[4] then redis.call('HSET', KEYS[1], 'epoch', ARGV[3]) end
  return false
end
if not epoch then
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('PERSIST', KEYS[1])
end
local answer = epoch
local news = false
for i = 6, #ARGV, 4 do
  local seq = redis.call('HGET', KEYS[3], ARGV[i])
  if not seq then
    seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
    local body = ARGV[i + 1] .. string.format('%d', seq) .. ARGV[i + 2]
    redis.call('XADD', KEYS[2], seq .. '-0', 'e', body)
    redis.call('HSET', KEYS[3], ARGV[i], seq)
    redis.call('PUBLISH', ARGV[1], body)
    if ARGV[i + 3] == 'open' then
      for key = 1, 5 do redis.call('PERSIST', KEYS[key]) end
    elseif ARGV[i + 3] == 'end' then
      for key = 1, 5 do redis.call('EXPIRE', KEYS[key], ARGV[2]) end
    end
    news = true
  end
  answer = answer .. ' ' .. seq
end
if news then
  redis.call('XADD', KEYS[6], 'MAXLEN', 1, '*', 'n', '')
  redis.call('EXPIRE', KEYS[6], ARGV[2])
end
return answer
"""
# ARGV: listeners' channel, seconds to keep ticks; then for each tick its slot and its text.
TICK = """
local epoch, seq = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq'))
for i = 3, #ARGV, 2 do
  local rev = redis.call('HINCRBY', KEYS[1], 'rev', 1)
  redis.call('HSET', KEYS[4], ARGV[i], (seq or 0) .. ' ' .. ARGV[i + 1])
  redis.call('ZADD', KEYS[5], rev, ARGV[i])
  redis.call('PUBLISH', ARGV[1], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[4], ARGV[2])
redis.call('EXPIRE', KEYS[5], ARGV[2])
if not epoch then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
redis.call('XADD', KEYS[6], 'MAXLEN', 1, '*', 'n', '')
redis.call('EXPIRE', KEYS[6], ARGV[2])
"""
# One view of events after a number, and of the ticks since then after a revision: a later revision
# follows no earlier event. ARGV: number + 1, revision, limit.
READ = """
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'rev')
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
local events = redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[3])
local latest = {}
for i, slot in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[5], '+inf', '(' .. ARGV[2])) do
  local tick = redis.call('HGET', KEYS[4], slot)
  if not tick or tonumber(string.match(tick, '^%d+')) < tonumber(ARGV[1]) - 1 then break end
  latest[i] = tick
end
local ticks = {}
for i = #latest, 1, -1 do ticks[#ticks + 1] = latest[i] end
local bodies = {}
for i, entry in ipairs(events) do bodies[i] = entry[2][2] end
return {meta[1], meta[2], meta[3], first and first[1] or '', bodies, ticks}
"""
# ARGV: field, epoch, number, text. A snapshot replaces only an older one.
SNAPSHOT = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return end
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1] .. '/seq') or '0')
local of = redis.call('HGET', KEYS[1], ARGV[1] .. '/epoch')
if of == ARGV[2] and known >= tonumber(ARGV[3]) then return end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4], ARGV[1] .. '/epoch', ARGV[2],
  ARGV[1] .. '/seq', ARGV[3])
"""
# ARGV: seconds to keep the news.
FORGET = """
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
redis.call('XADD', KEYS[6], 'MAXLEN', 1, '*', 'n', '')
redis.call('EXPIRE', KEYS[6], ARGV[1])
"""

SHAS = {
    script: hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - how Redis names scripts
    for script in (PUBLISH, TICK, READ, SNAPSHOT, FORGET)
}
