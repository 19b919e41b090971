// Have a PDF file signed and the signature verified, with amqplib alone: the wire format is enough.
//
//   npm install --no-package-lock && node sign.js act.pdf
//
// Reads DECLARATII_AMQP_URL, DECLARATII_TOKEN, SIGN_GATEWAY_URL and RETURN_URL, as .demo/endpoints.env has them.

import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import amqp from "amqplib";

const SYSTEM = "declaratii";
const INLINE_BYTES = 4 * 1024 * 1024;
const { DECLARATII_AMQP_URL, DECLARATII_TOKEN, SIGN_GATEWAY_URL, RETURN_URL } = process.env;

/** The system's end: commands go to an exchange, events come to a queue of its own, large contents go over HTTP. */
class Gateway {
  #told = new Map(); // by command: the events that came, and who waits for the next one

  static async connect() {
    const gateway = new Gateway();
    gateway.connection = await amqp.connect(DECLARATII_AMQP_URL);
    gateway.commands = await gateway.connection.createConfirmChannel();
    gateway.commands.on("return", (message) => {
      throw new Error(`no queue takes ${message.fields.routingKey}`);
    });
    const events = await gateway.connection.createChannel();
    const queue = `${SYSTEM}.node-example`;
    await events.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
    await events.bindQueue(queue, "msign.events", `*.*.${SYSTEM}`);
    await events.consume(queue, (message) => {
      gateway.#take(JSON.parse(message.content));
      events.ack(message);
    });
    return gateway;
  }

  /** Publish a command, confirmed and mandatory; a repetition under the same id would change nothing. */
  async publish(type, routingKey, data) {
    const id = randomUUID();
    this.#told.set(id, { events: [], wake: () => {} });
    const time = new Date().toISOString();
    const command = { specversion: "1.0", id, source: `/systems/${SYSTEM}`, type, time, data };
    this.commands.publish("msign.commands", routingKey, Buffer.from(JSON.stringify(command)), {
      contentType: "application/cloudevents+json",
      persistent: true,
      mandatory: true,
      messageId: id,
      type,
      userId: SYSTEM, // the broker checks it, and the gateway asks for it
    });
    await this.commands.waitForConfirms();
    return id;
  }

  /** The data of the command's event of that type. */
  async wait(id, type) {
    const told = this.#told.get(id);
    for (;;) {
      const rejected = told.events.find((event) => event.type.includes(".rejected."));
      if (rejected) throw new Error(`rejected: ${JSON.stringify(rejected.data.errors)}`);
      const found = told.events.find((event) => event.type === type);
      if (found) return found.data;
      await new Promise((resolve) => (told.wake = resolve));
    }
  }

  #take(event) {
    const told = this.#told.get(event.data.command_id); // undefined for what another process asked
    told?.events.push(event);
    told?.wake();
  }

  /** A content inline, or stored and by reference where it is too large for a message. */
  async content(body, name) {
    if (body.length <= INLINE_BYTES) return { [name]: body.toString("base64") };
    const answer = await this.ask("PUT", "/contents", body);
    return { [`${name}_ref`]: JSON.parse(answer).ref };
  }

  /** Call the gateway's internal HTTP API. */
  async ask(method, path, body) {
    const headers = { Authorization: `Bearer ${DECLARATII_TOKEN}`, "Content-Type": "application/octet-stream" };
    const response = await fetch(SIGN_GATEWAY_URL + path, { method, headers, body });
    const answer = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`${response.status} ${answer}`);
    return answer;
  }
}

const file = process.argv[2];
const gateway = await Gateway.connect();

let id = await gateway.publish("msign.sign.request.v1", `sign.request.${SYSTEM}`, {
  content_type: "Pdf",
  short_description: basename(file).slice(0, 90),
  contents: [await gateway.content(await readFile(file), "content")],
  return_url: RETURN_URL,
});
const accepted = await gateway.wait(id, "msign.sign_request.accepted.v1");
console.log("Open", accepted.sign_url);

const outcome = await gateway.wait(id, "msign.sign_response.ready.v1");
if (outcome.status !== "Success") throw new Error(`${outcome.status}: ${outcome.reason_code}`);
const [result] = outcome.results;
const signature = result.signature
  ? Buffer.from(result.signature, "base64")
  : await gateway.ask("GET", `/contents/${result.signature_ref}`);
const signed = file.replace(/\.pdf$/, "") + ".signed.pdf";
await writeFile(signed, signature);
console.log("Signed", signed);

id = await gateway.publish("msign.verification.request.v1", `verification.request.${SYSTEM}`, {
  content_type: "Pdf",
  contents: [await gateway.content(signature, "signature")],
});
const verdicts = await gateway.wait(id, "msign.verification.completed.v1");
console.log(verdicts.results[0].valid ? "Valid" : "NOT VALID", signed, verdicts.results[0].message);
await gateway.connection.close();
