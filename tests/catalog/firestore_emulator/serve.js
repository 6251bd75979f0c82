// The emulator on a free port of loopback, with what the service does and the emulator leaves out:
// preconditions on the time of change, whole commits or none, and at most 500 writes in one.
const grpc = require("@grpc/grpc-js");

const MOST_WRITES = 500;
let port = 0;
let lastCommit = 0;

const bind = grpc.Server.prototype.bindAsync;
grpc.Server.prototype.bindAsync = function (_address, credentials, done) {
  bind.call(this, "127.0.0.1:0", credentials, (error, bound) => {
    port = bound;
    done(error, bound);
  });
};

const add = grpc.Server.prototype.addService;
grpc.Server.prototype.addService = function (definition, service) {
  const commit = service.Commit.bind(service);
  service.Commit = (call, callback) => {
    // Times of change count in milliseconds here: two commits never share one.
    if (Date.now() <= lastCommit) {
      setTimeout(() => service.Commit(call, callback), 1);
      return;
    }
    lastCommit = Date.now();
    const refusal = refused(call.request.writes);
    if (refusal) callback(refusal, null);
    else commit(call, callback);
  };
  return add.call(this, definition, service);
};

const { FirestoreServer } = require("@firestore-emulator/server");
const server = new FirestoreServer();

function refused(writes) {
  if (writes.length > MOST_WRITES)
    return { code: grpc.status.INVALID_ARGUMENT, message: `${writes.length} writes at once` };
  for (const write of writes) {
    const name = write.has_delete ? write.delete : write.update.name;
    const { hasExist, updatedAt } = look(name);
    const wanted = write.has_current_document ? write.current_document : null;
    if (wanted?.has_exists && wanted.exists !== hasExist)
      return hasExist
        ? { code: grpc.status.ALREADY_EXISTS, message: `${name} exists` }
        : { code: grpc.status.NOT_FOUND, message: `${name} does not exist` };
    if (wanted?.has_update_time && (!hasExist || millis(wanted.update_time) !== updatedAt))
      return { code: grpc.status.FAILED_PRECONDITION, message: `${name} has changed` };
  }
  return null;
}

function look(name) {
  const { metadata } = server.state.getDocument(name);
  return { hasExist: metadata.hasExist, updatedAt: metadata.hasExist ? metadata.updatedAt.getTime() : 0 };
}

function millis(time) {
  return time.seconds * 1000 + Math.floor(time.nanos / 1e6);
}

server.start(0).then(() => console.log(port));
