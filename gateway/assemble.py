"""Opens the collaborators in order and closes them in reverse: what lives as long as the process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from core.bounces.news import Returns
from core.budget import Budget
from core.clock import SystemClock
from core.core import Core, Policy
from core.credentials import CredentialCache
from core.dns import DnsResolver, Resolver
from core.fetch import Fetcher
from core.identities import Identities
from core.inbound import Inbox
from core.jobs.deliver import Deliverer
from core.jobs.files import Files
from core.jobs.gate import Gate
from core.jobs.offer import Offers
from core.jobs.periodic import Chores
from core.jobs.queue import release_all
from core.jobs.record import Recorder
from core.jobs.routes import Routes, Way
from core.jobs.wake import Wake
from core.jobs.worker import Worker
from core.messages import Intake
from core.numbers import Numbers
from core.outbox import Outbox
from core.poster import Poster
from core.replies import Replies
from core.sealing import Seal
from core.store.database import write
from core.store.migrate import Migratable, migrate
from core.store.postgres import Postgres
from core.store.sqlite import SQLite
from core.tokens import Signer, signer
from core.tracking.sightings import Sightings
from core.transport.capture import Capture
from core.transport.mx import MailExchangers, Manners
from core.transport.relay import Relay, parse_url
from core.webhooks.dispatcher import Dispatcher
from core.webhooks.lanes import release_all as release_all_lanes
from core.windows import Windows
from dialects.dialect import discover
from gateway.chores import chores
from gateway.config import Settings

_SQLITE: Final = "sqlite:///"
_FILE_LIMIT_BYTES: Final = 40 * 1024 * 1024


async def open_database(settings: Settings, *, owner: bool) -> Migratable:
    """Open the configured engine; ``owner``: to serve from it, which SQLite allows one process only."""
    if settings.database.startswith(_SQLITE):
        return await SQLite.open(Path(settings.database.removeprefix(_SQLITE)), owner=owner)
    return await Postgres.open(settings.database, connections=settings.postgres_pool)


def policy(settings: Settings) -> Policy:
    """The operator's decisions that the domain obeys."""
    return Policy(
        sender_policy=settings.sender_policy,
        probe_webhooks=settings.probe_webhooks,
        message_host=settings.message_host,
        public_url=settings.url,
        return_host=settings.return_host.lower(),
        tracking_host=settings.tracking_host.lower(),
        inbound_host=settings.inbound_host.lower(),
        spf=settings.spf,
        tracking_url=settings.tracking_url.rstrip("/"),
        complaint_addresses=tuple(each.lower() for each in settings.complaint_addresses),
        notice_sender=settings.notice_sender,
        dkim_secret=settings.dkim_secret,
        key_pepper=settings.key_pepper,
        show_tokens=settings.show_tokens,
        lease_s=settings.lease_s,
        retry_schedule_s=settings.retry_schedule_s,
        give_up_after_s=settings.give_up_after_s,
        delayed_after_s=settings.delayed_after_s,
        destination_concurrency=settings.destination_concurrency,
        destination_per_minute=settings.destination_per_minute,
        destination_backoff_s=settings.destination_backoff_s,
        rate_limits=settings.rate_limits,
        most_templates=settings.most_templates,
        keep_bodies_days=settings.keep_bodies_days,
        keep_events_days=settings.keep_events_days,
        keep_messages_days=settings.keep_messages_days,
    )


@asynccontextmanager
async def opened(settings: Settings, *, owner: bool = True) -> AsyncIterator[Core]:
    """A core on an open, migrated database; closing finishes what waits for a commit."""
    async with AsyncExitStack() as stack:
        db = await open_database(settings, owner=owner)
        stack.push_async_callback(db.close)
        await migrate(db)
        if isinstance(db, SQLite) and owner:
            # no other process can hold a lease here: what a killed one held is due now
            now = SystemClock().now()
            await write(db, release_all(now), *release_all_lanes(now))
        made = await signer(db)
        resolver = DnsResolver(SystemClock(), settings.dns)
        stack.push_async_callback(resolver.close)
        core = make_core(
            db,
            policy(settings),
            made,
            resolver,
            poster=Poster(allow_private=settings.allow_private_targets),
            in_flight_body_bytes=settings.in_flight_body_bytes,
        )
        stack.push_async_callback(core.poster.close)
        stack.push_async_callback(core.intake.close)
        stack.push_async_callback(core.sightings.close)
        stack.push_async_callback(core.inbox.close)
        stack.push_async_callback(core.returns.close)
        yield core


def make_core(
    db: Migratable,
    chosen: Policy,
    made: Signer,
    resolver: Resolver,
    *,
    poster: Poster,
    in_flight_body_bytes: int,
) -> Core:
    """Tie a core's parts together."""
    held: list[Core] = []
    seal = Seal(chosen.dkim_secret)
    core = Core(
        db=db,
        clock=SystemClock(),
        policy=chosen,
        numbers=Numbers(db),
        credentials=CredentialCache(db, chosen.key_pepper),
        intake=Intake(lambda: held[0], gathers=db.in_process),
        inbox=Inbox(lambda: held[0]),
        returns=Returns(lambda: held[0]),
        wake=Wake(),
        windows=Windows(),
        bodies=Budget(in_flight_body_bytes),
        signer=made,
        resolver=resolver,
        sightings=Sightings(lambda: held[0]),
        seal=seal,
        identities=Identities(db, SystemClock(), seal),
        outbox=Outbox(lambda: held[0]),
        poster=poster,
        replies=Replies(db, SystemClock()),
    )
    held.append(core)
    return core


def routes(settings: Settings, resolver: Resolver) -> Routes:
    """The ways out that the settings name."""
    ways = [
        Way(name="capture", transport=Capture()),
        Way(name="mx", transport=MailExchangers(resolver, _manners(settings)), direct=True),
    ]
    relays = {"relay": settings.relay, **settings.relays} if settings.relay else settings.relays
    ways += [Way(name=name, transport=Relay(parse_url(url))) for name, url in relays.items()]
    return Routes({way.name: way for way in ways}, settings.ways, Capture())


def _manners(settings: Settings) -> Manners:
    return Manners(
        port=settings.mx_port,
        local_hostname=settings.mx_hostname,
        sources=settings.mx_sources,
        allow_private=settings.allow_private_targets,
    )


@asynccontextmanager
async def working(core: Core, settings: Settings) -> AsyncIterator[Worker]:
    """A worker with everything it needs; the caller runs it. Closing ends its connections."""
    async with AsyncExitStack() as stack:
        recorder = Recorder(lambda: core)
        stack.push_async_callback(recorder.close)
        chosen = routes(settings, core.resolver)
        stack.push_async_callback(chosen.close)
        gate = Gate(core, chosen)
        fetcher = Fetcher(allow_private=settings.allow_private_targets)
        stack.push_async_callback(fetcher.close)
        deliverer = Deliverer(
            core,
            Offers(chosen, gate),
            recorder,
            Files(core, fetcher, limit_bytes=_FILE_LIMIT_BYTES),
            concurrency=settings.worker_concurrency,
            budget=Budget(settings.in_flight_body_bytes),
        )
        dispatcher = _dispatcher(core, settings)
        yield Worker(
            core, deliverer, gate, Chores(core, chores()), dispatcher, claim_batch=settings.claim_batch
        )


def _dispatcher(core: Core, settings: Settings) -> Dispatcher:
    formats = {name: each.webhooks for name, each in discover().items() if each.webhooks is not None}
    return Dispatcher(
        core,
        formats,
        core.poster,
        concurrency=settings.webhook_concurrency,
        budget=Budget(settings.in_flight_body_bytes),
    )
