// Holds the reply of a call to what is expected of it. `expected` is set by the script before the call.
const expected = JSON.parse(pm.variables.get("expected"));
const {action, due, blamed, hostile} = expected;
const at = (object, name) => {
  const key = object && Object.keys(object).find((known) => known.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
};
const json = (text) => { try { return JSON.parse(text); } catch { return undefined; } };
const [head, main] = expected.envelope || [];
const message = (whole) => (main ? at(whole, main) : whole);
const text = pm.response.text() || "";
const whole = json(text);
const header = (name) => (main ? at(at(whole, head), name) : pm.response.headers.get(name));
const said = header("action"), body = message(whole) || {}, status = pm.response.code;
const sent = message(json((pm.request.body && pm.request.body.raw) || "")) || {};
const blank = (value) => typeof value !== "string" || !value.trim();
// Terminals and CI systems obey what a gateway may write: control characters, ##[command], ::command.
const inert = (text) => (text || "").replace(/[^ -~]|([#:[+~^-])(?=\1)|_(?=(start|end|fold|time):)/g, (sign) =>
  `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
const holds = (title, condition, observed) =>
  pm.test(title, () => pm.expect(condition, `observed ${inert(JSON.stringify(observed))}`).to.be.true);

if (hostile) {
  if (hostile === "malformed") holds("the call is not acknowledged", said !== "ACK", said);
  if (hostile !== "unusual") holds("there is no server error", status < 500, status);
} else {
  holds("the reply is JSON", whole !== undefined, text.slice(0, 200));
  holds(`the reply says ${due || "ACK or NACK"}`, due ? said === due : ["ACK", "NACK"].includes(said), said);
  holds("the reply has a message", !blank(header("message")), header("message"));
  const type = pm.response.headers.get("Content-Type");
  holds("the media type is that of JSON", /^application\/([^;]*\+)?json\s*(;|$)/i.test(type || ""), type);
  holds("the status fits the reply", (said === "NACK" ? [2, 4] : [2]).includes(Math.floor(status / 100)), status);
  holds("the reply comes in time", pm.response.responseTime <= expected.timeout * 1000, pm.response.responseTime);
}

// What the registration holds, by what was acknowledged.
const about = pm.variables.replaceIn(expected.about) || (action === "Provider/signup" ? body : sent).registration?.id;
const registration = String(about);
const known = json(pm.collectionVariables.get("known")) || {};
const before = known[registration] || {info: {}, documents: [], ids: {}};
const after = JSON.parse(JSON.stringify(before));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const brief = (documents) => (documents || []).map((d) => JSON.stringify(expected.redacted ? [d.name] : [d.name, d.data]));
// Nobody knows what the gateway made of an odd request that it has acknowledged.
const counts = !hostile || hostile === "large";
if (!counts && said === "ACK") after.unsure = true;
const each = (list) => [...new Set(list)].sort();

if (counts && said === "ACK") {
  const {schema} = expected;
  for (const [name, value] of Object.entries(sent.info || {})) if (value !== null) after.info[name] = value;
  after.documents.push(...(sent.documents || []));
  if (action === "Provider/signup") after.api = sent.api;
  const ajv = new (require("ajv"))({allErrors: true, unknownFormats: "ignore"});
  const wrong = ajv.validate(schema, body) ? [] : ajv.errors.map((error) => `${error.dataPath} ${error.message}`);
  holds("the body keeps to its schema", wrong.length === 0, wrong);
  const info = Object.keys(after.info).reduce((found, name) => ({...found, [name]: body.info?.[name]}), {});
  const allowed = expected.deferred ? [after.info, {...after.info, ...before.info}] : [after.info];
  if (!before.unsure) holds("info is what was sent", allowed.some((values) => same(values, info)), body.info);
  const listed = brief(body.documents), wanted = brief(after.documents);
  if (!before.unsure) holds("documents are what was sent", same(each(listed), each(wanted)), listed);
  holds("each document is listed once", listed.length === each(listed).length, listed);
  if (after.api) holds("api is what was sent", body.api?.endpoint_url === after.api.endpoint_url, body.api);
  if (action === "Provider/signup") {
    holds("the id is new", !(registration in known), registration);
    const ends = Date.parse(body.auth?.exp);
    holds("auth.exp lies ahead", !(ends + 14 * 3600e3 <= Date.now()), body.auth?.exp);
    if (!expected.immediate) holds("api waits", body.api?.status === "PENDING-VERIFICATION", body.api);
  } else {
    holds("the registration is the one asked for", String(body.registration?.id) === registration, body.registration);
    holds("the token is not given again", !body.auth, body.auth);
  }
  const fresh = brief(sent.documents);
  const waits = (document) => document.status === "PENDING-VERIFICATION" || !fresh.includes(brief([document])[0]);
  if (!expected.immediate) holds("new documents wait", (body.documents || []).every(waits), body.documents);
  const verified = (body.documents || []).filter((d) => before.verified?.includes(d.name));
  holds("verified documents stay verified", verified.every((d) => [undefined, "VERIFIED"].includes(d.status)), verified);
  if (action === "Provider/documents/add") {
    const ids = (body.documents || []).map((document) => document.id);
    holds("document ids differ", each(ids).length === ids.length, ids);
    const kept = (body.documents || []).filter((d) => before.ids[d.name + d.data]);
    holds("document ids stay", kept.every((d) => before.ids[d.name + d.data] === d.id), ids);
    for (const document of body.documents || []) after.ids[document.name + document.data] = document.id;
  }
  if (action === "Provider/get" && !expected.moves && before.changed) {
    const {pending, failed} = expected.words, now = body.registration?.status;
    const still = before.status === pending || now !== before.status;
    if (before.changed === "ACK") holds("the status shows the change", still, now);
    else holds("the status stays", before.status === pending || [before.status, failed].includes(now), now);
  }
  after.verified = (body.documents || []).filter((d) => d.status === "VERIFIED").map((d) => d.name);
  if (action === "Provider/get" || action === "Provider/signup")
    Object.assign(after, {status: body.registration?.status, changed: ""});
}
if (!["Provider/get", "Provider/signup"].includes(action) && before.changed !== "ACK") after.changed = said;
known[registration] = after;
pm.collectionVariables.set("known", JSON.stringify(known));

if (!hostile && said === "NACK" && blamed.length) {
  const found = [];
  const walk = (value, pointer) => {
    if (value && typeof value === "object")
      for (const [name, child] of Object.entries(value)) walk(child, `${pointer}/${name}`);
    else if (value || value === 0 || value === false) found.push([pointer, value]);
  };
  walk({...body, registration: {...body.registration, status: null}}, "");
  const below = (pointer, place) => pointer === place || pointer.startsWith(`${place}/`);
  const plain = (pointer) => pointer.replace(/\/\d+(?=\/|$)/g, "/*");
  for (const {member, text} of blamed) {
    const place = text ? member : `/${member.split("/")[1]}`;
    const here = found.filter(([pointer]) => below(plain(pointer), place));
    holds(`there is a message at ${member}`, here.length > 0, body);
    const strings = here.every(([pointer, value]) => typeof value === "string" && (!text || plain(pointer) === place));
    holds(`the message at ${member} is a string`, strings, here);
    const echoed = here.filter(([pointer, value]) => pointer.slice(1).split("/").reduce((v, n) => v?.[n], sent) === value);
    holds(`the message at ${member} is not the value sent`, echoed.length === 0, echoed);
  }
  const near = ([pointer]) => blamed.some(({member}) => below(plain(pointer), member) || below(member, plain(pointer)));
  const others = found.filter((one) => !near(one) && one[0] !== "/registration/id" && expected.places.includes(plain(one[0])));
  holds("no sound field is blamed", others.length === 0, others);
  if (expected.failure) holds(`the status is ${expected.failure}`, body.registration?.status === expected.failure, body);
}

for (const [name, [part, key, escaped]] of Object.entries(expected.takes || {})) {
  // Postman would send a variable of the user's in the place of {{name}}, wherever a value stands.
  const value = String(body[part]?.[key]).replace(/{(?={)/g, "{ ");
  pm.collectionVariables.set(name, escaped ? JSON.stringify(value).slice(1, -1) : value);
  pm.collectionVariables.set(`${name}-other-capitals`, [...value].map((c) => {
    const lower = c.toLowerCase();
    return c === lower ? c.toUpperCase() : lower;
  }).join(""));
  const end = /(?:[A-Za-z0-9][^A-Za-z0-9]*){12}$/;
  const series = ["0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ"];
  const another = (c) => series.filter((s) => s.includes(c)).map((s) => s[(s.indexOf(c) + 3) % s.length])[0] ?? c;
  pm.collectionVariables.set(`${name}-other-end`, value.replace(end, (text) => [...text].map(another).join("")));
  pm.collectionVariables.set(`${name}-no-end`, value.replace(end, ""));
}
