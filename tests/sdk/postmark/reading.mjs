// What became of mail: opens, clicks, statistics.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { client, mail, own, refused, settled, until } from "./harness.mjs";

const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const LINK = "https://shop.example/offer?a=1&b=2";

// what a program that shows mail does with one: it fetches its images, and its reader follows a link
async function look(source) {
  const body = source.replaceAll("=\r\n", "").replaceAll("=3D", "=");
  const pixel = body.match(/<img[^>]+src="([^"]+)"/)[1];
  const link = body.match(/<a[^>]+href="([^"]+)"/)[1];
  const headers = { "user-agent": AGENT };
  assert.equal((await fetch(pixel, { headers })).status, 200);
  const led = await fetch(link, { headers, redirect: "manual" });
  assert.deepEqual([led.status, led.headers.get("location")], [302, LINK]);
}

export default {
  async "opens and clicks are told"() {
    // on a server of its own: its lists hold nothing else
    const { client: mine } = await own({ TrackOpens: true, TrackLinks: "HtmlAndText" });
    const HtmlBody = `<html><body><a href="${LINK.replace("&", "&amp;")}">offer</a></body></html>`;
    const { MessageID } = await mine.sendEmail({ ...mail, HtmlBody, Tag: "offer" });
    await settled(MessageID, mine);
    await look((await mine.getOutboundMessageDump(MessageID)).Body);

    const opens = await until("an open", async () => {
      const found = await mine.getMessageOpens({ tag: "offer", recipient: "bob@example.net" });
      return found.Opens.length && found;
    });
    const [open] = opens.Opens;
    assert.deepEqual(
      [opens.TotalCount, open.RecordType, open.MessageID, open.Recipient, open.Client.Family, open.Platform, open.FirstOpen],
      [1, "Open", MessageID, "bob@example.net", "Chrome", "Desktop", true],
    );
    const clicks = await until("a click", async () => {
      const found = await mine.getMessageClicks({ tag: "offer", client_family: "Chrome" });
      return found.Clicks.length && found;
    });
    const [click] = clicks.Clicks;
    assert.deepEqual(
      [clicks.TotalCount, click.RecordType, click.MessageID, click.OriginalLink, click.ClickLocation],
      [1, "Click", MessageID, LINK, "HTML"],
    );
    assert.deepEqual((await mine.getMessageOpensForSingleMessage(MessageID)).Opens, opens.Opens);
    assert.deepEqual((await mine.getMessageClicksForSingleMessage(MessageID)).Clicks, clicks.Clicks);
    const { MessageEvents } = await mine.getOutboundMessageDetails(MessageID);
    assert.deepEqual(MessageEvents.map((each) => each.Type).sort(), ["Delivered", "LinkClicked", "Opened"]);

    const figures = await until("figures", async () => {
      const found = await mine.getOutboundOverview();
      return found.UniqueOpens && found.UniqueLinksClicked && found;
    });
    assert.deepEqual([figures.Sent, figures.Opens, figures.TotalClicks], [1, 1, 1]);
    assert.deepEqual((await mine.getEmailOpenCounts()).Unique, 1);
    assert.deepEqual((await mine.getEmailOpenPlatformUsage()).Desktop, 1);
    assert.deepEqual((await mine.getClickCounts()).Clicks, 1);
    assert.deepEqual((await mine.getClickLocation()).HTML, 1);
    assert.deepEqual((await mine.getClickPlatformUsage()).Desktop, 1);
    for (const ask of ["getEmailOpenClientUsage", "getClickBrowserUsage"]) {
      const { Days, ...families } = await mine[ask]();
      assert.deepEqual([Days.length, Object.values(families)], [1, [1]], ask);
    }
  },

  async "statistics are of what was sent"() {
    const tag = randomUUID();
    const { MessageID } = await client.sendEmail({ ...mail, Tag: tag, TrackOpens: true });
    await settled(MessageID);
    const overview = await client.getOutboundOverview({ tag });
    assert.deepEqual([overview.Sent, overview.Tracked, overview.WithOpenTracking, overview.Opens], [1, 1, 1, 0]);
    const sent = await client.getSentCounts({ tag, messageStream: "outbound" });
    assert.deepEqual([sent.Sent, sent.Days.map((day) => day.Sent)], [1, [1]]);
    const day = { tag, fromDate: sent.Days[0].Date, toDate: sent.Days[0].Date };
    assert.equal((await client.getTrackedEmailCounts(day)).Tracked, 1);
    const others = [
      "getBounceCounts", "getSpamComplaintsCounts", "getEmailOpenCounts", "getEmailOpenPlatformUsage",
      "getEmailOpenClientUsage", "getEmailOpenReadTimes", "getClickCounts", "getClickBrowserUsage",
      "getClickPlatformUsage", "getClickLocation",
    ];
    for (const name of others) {
      const { Days, ...total } = await client[name](day);
      assert.deepEqual([name, Days, Object.values(total).every((count) => count === 0)], [name, [], true]);
    }
    await assert.rejects(client.getSentCounts({ fromDate: "soon" }), (error) => error.code === 900);
  },

  async "an unknown message"() {
    await refused(client.getOutboundMessageDetails(randomUUID()), 701, /not found/);
  },

  async "what was not seen is a list of nothing"() {
    const recipient = `${randomUUID()}@example.net`;
    assert.deepEqual((await client.getMessageOpens({ recipient })).Opens, []);
    assert.deepEqual((await client.getMessageClicks({ recipient })).Clicks, []);
    const { MessageID } = await client.sendEmail(mail);
    assert.equal((await client.getMessageOpensForSingleMessage(MessageID)).TotalCount, 0);
    assert.equal((await client.getMessageClicksForSingleMessage(MessageID)).TotalCount, 0);
  },
};
