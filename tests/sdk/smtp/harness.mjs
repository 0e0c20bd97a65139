// What the files of cases share: ways to connect, a letter, and how it is read again.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const { URL: base, SMTP, CERTIFICATE, RESEND_KEY, POSTMARK_KEY, POSTMARK_ACCOUNT } = process.env;
export const tls = { ca: readFileSync(CERTIFICATE) };
export const resend = { user: "resend", pass: RESEND_KEY };
export const postmark = { user: POSTMARK_KEY, pass: POSTMARK_KEY };
export const letter = { from: "Joe <joe@example.org>", to: "bob@example.net", subject: "Grüße", text: "Hello", html: "<p>Hello</p>" };

export const place = (url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });
export const open = (auth, more = {}) => nodemailer.createTransport({ ...place(SMTP), auth, tls, ...more });
export const id = (info) => info.response.split(" ").at(-1);

export async function read(path, headers, body) {
  const asked = body && { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(base + path, { ...asked, headers: { "user-agent": "test", "content-type": "application/json", ...headers } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}
export const email = (info) => read(`/emails/${id(info)}`, { authorization: `Bearer ${RESEND_KEY}` });
export const details = (info) => read(`/messages/outbound/${id(info)}/details`, { "x-postmark-server-token": POSTMARK_KEY });
export const accountHeaders = { "x-postmark-account-token": POSTMARK_ACCOUNT };

export async function run(cases) {
  for (const [name, one] of Object.entries(cases)) {
    try {
      await one();
    } catch (error) {
      console.error(`${name}:`, error);
      process.exitCode = 1;
    }
  }
}
