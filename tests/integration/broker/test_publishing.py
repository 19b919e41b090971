"""Many messages in one write: is each answered for itself, and does each arrive whole and in order?"""

import asyncio
import gc
import uuid
import weakref
from dataclasses import replace

import pytest
from aio_pika.exceptions import ChannelInvalidStateError, DeliveryError
from aiormq.abc import ChannelFrame, DeliveredMessage
from pamqp.commands import Basic
from pamqp.frame import marshal
from pamqp.heartbeat import Heartbeat

from shared.messaging import broker
from shared.messaging.publishing import WRITTEN_BYTES, Answer, Outgoing, Publisher
from shared.messaging.topology import EVENTS, declare_exchanges
from shared.pieces import Pieces

PATIENCE_S = 60
LARGE = 300_000
"""More than fits into two of the broker's frames."""


@pytest.fixture
async def opened(amqp_url):
    async with (
        broker.open_broker(amqp_url, name="tests") as connection,
        broker.open_channel(connection, on_return_raises=False) as (channel, carrier),
    ):
        await declare_exchanges(channel)
        yield channel, carrier


@pytest.fixture
async def queue(opened):
    """A queue of its own for one routing key, which is the queue's name."""
    channel, _ = opened
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EVENTS, queue.name)
    return queue


class Answers:
    """Messages, and what is answered, by their bodies."""

    def __init__(self) -> None:
        self._come: dict[bytes, asyncio.Future[Answer]] = {}

    def message(self, routing_key: str, body: bytes = b"event") -> Outgoing:
        self._come[body] = asyncio.get_running_loop().create_future()
        properties = Basic.Properties(message_id=str(uuid.uuid4()))
        return Outgoing(routing_key, properties, body, self._come[body].set_result)

    async def come(self) -> dict[bytes, Answer]:
        async with asyncio.timeout(PATIENCE_S):
            return {body: await answer for body, answer in self._come.items()}


async def test_messages_of_one_write_arrive_whole_and_in_order_and_each_is_confirmed(opened, queue):
    answers = Answers()
    bodies = [b"first", b"", b"x" * LARGE, b"last"]
    await Publisher(opened[1], EVENTS).publish(
        [answers.message(queue.name, body) for body in bodies], within_s=PATIENCE_S
    )
    come = await answers.come()
    assert all(isinstance(answer.result(), Basic.Ack) for answer in come.values())
    assert [(await queue.get(no_ack=True)).body for _ in bodies] == bodies


def in_pieces(answers: Answers, routing_key: str, *pieces: bytes) -> Outgoing:
    return replace(answers.message(routing_key, b"".join(pieces)), body=Pieces(pieces))


async def test_a_message_in_pieces_arrives_as_one_between_others(opened, queue):
    answers = Answers()
    pieces = (b"", b"begin", b"x" * LARGE, b"y", b"z" * LARGE)
    messages = [answers.message(queue.name), in_pieces(answers, queue.name, *pieces), answers.message(queue.name, b"2")]
    await Publisher(opened[1], EVENTS).publish(messages, within_s=PATIENCE_S)
    assert all(isinstance(answer.result(), Basic.Ack) for answer in (await answers.come()).values())
    assert [(await queue.get(no_ack=True)).body for _ in messages] == [b"event", b"".join(pieces), b"2"]


async def test_what_is_long_is_written_bit_by_bit(opened, queue, monkeypatch):
    put, sizes = opened[1].write_queue.put, []

    async def seen(frame):
        sizes.append(len(frame.payload))
        await put(frame)

    monkeypatch.setattr(opened[1].write_queue, "put", seen)
    answers = Answers()
    message = in_pieces(answers, queue.name, *[b"x" * LARGE] * 10)
    await Publisher(opened[1], EVENTS).publish([message], within_s=PATIENCE_S)
    assert sum(sizes) > 10 * LARGE
    assert max(sizes) < 2 * WRITTEN_BYTES
    await answers.come()


async def test_what_others_say_on_the_connection_meanwhile_stands_between_whole_frames(opened, queue, monkeypatch):
    put, beats = opened[1].write_queue.put, []

    async def with_a_heartbeat(frame):
        await put(frame)
        beats.append(ChannelFrame(marshal(Heartbeat(), 0), should_close=False))
        await put(beats[-1])

    monkeypatch.setattr(opened[1].write_queue, "put", with_a_heartbeat)
    answers, pieces = Answers(), [b"x" * LARGE] * 10
    await Publisher(opened[1], EVENTS).publish([in_pieces(answers, queue.name, *pieces)], within_s=PATIENCE_S)
    monkeypatch.undo()
    assert len(beats) > 1
    assert [type(answer.result()) for answer in (await answers.come()).values()] == [Basic.Ack]
    assert (await queue.get(no_ack=True)).body == b"".join(pieces)


async def test_who_is_told_to_stop_writes_a_message_to_its_end(opened, queue, monkeypatch):
    put, begun = opened[1].write_queue.put, asyncio.Event()

    async def seen(frame):
        begun.set()
        await put(frame)

    monkeypatch.setattr(opened[1].write_queue, "put", seen)
    answers, publisher = Answers(), Publisher(opened[1], EVENTS)
    pieces = [b"x" * LARGE] * 10
    broken_off = asyncio.create_task(publisher.publish([in_pieces(answers, queue.name, *pieces)], within_s=PATIENCE_S))
    await begun.wait()
    broken_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await broken_off
    await publisher.publish([answers.message(queue.name, b"next")], within_s=PATIENCE_S)
    assert all(isinstance(answer.result(), Basic.Ack) for answer in (await answers.come()).values())
    assert [(await queue.get(no_ack=True)).body for _ in range(2)] == [b"".join(pieces), b"next"]


async def test_of_what_is_not_written_in_time_no_half_is_left_for_the_next_to_stand_in(opened, queue, monkeypatch):
    put = opened[1].write_queue.put

    async def never_drained(frame):
        await put(ChannelFrame(frame.payload, should_close=False))

    monkeypatch.setattr(opened[1].write_queue, "put", never_drained)
    answers, publisher = Answers(), Publisher(opened[1], EVENTS)
    pieces = [b"x" * LARGE] * 10
    with pytest.raises(ChannelInvalidStateError):
        await publisher.publish([in_pieces(answers, queue.name, *pieces)], within_s=0.1)
    monkeypatch.undo()
    await publisher.publish([answers.message(queue.name, b"next")], within_s=PATIENCE_S)
    assert isinstance((await answers.come())[b"next"].result(), Basic.Ack)
    assert [(await queue.get(no_ack=True)).body for _ in range(2)] == [b"".join(pieces), b"next"]


async def test_the_one_that_nobody_bound_is_returned_and_the_others_are_not(opened, queue):
    answers = Answers()
    bound, unbound = answers.message(queue.name, b"bound"), answers.message("nobody", b"unbound")
    await Publisher(opened[1], EVENTS).publish([unbound, bound], within_s=PATIENCE_S)
    come = await answers.come()
    assert isinstance(come[b"unbound"].result(), DeliveredMessage)
    assert isinstance(come[b"bound"].result(), Basic.Ack)


async def test_the_one_that_a_full_queue_refuses_is_refused_and_the_others_are_not(opened, queue):
    channel, carrier = opened
    full = await channel.declare_queue(exclusive=True, arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
    await full.bind(EVENTS, full.name)
    answers = Answers()
    messages = [answers.message(full.name, b"refused"), answers.message(queue.name, b"taken")]
    await Publisher(carrier, EVENTS).publish(messages, within_s=PATIENCE_S)
    come = await answers.come()
    assert isinstance(come[b"refused"].exception(), DeliveryError)
    assert isinstance(come[b"taken"].result(), Basic.Ack)


async def test_what_is_not_answered_in_time_is_given_up(opened, queue):
    answers = Answers()
    with pytest.raises(ChannelInvalidStateError):
        await Publisher(opened[1], EVENTS).publish([answers.message(queue.name)], within_s=0)
    assert (await answers.come())[b"event"].cancelled()


async def test_what_was_answered_is_let_go_of_before_its_time_is_over(opened):
    answered = asyncio.Event()
    answers: list[weakref.ref[Answer]] = []

    def keep_nothing(answer: Answer) -> None:
        answers.append(weakref.ref(answer))
        answered.set()

    properties = Basic.Properties(message_id=str(uuid.uuid4()))
    message = Outgoing("nobody", properties, b"returned as a whole", keep_nothing)
    await Publisher(opened[1], EVENTS).publish([message], within_s=PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        await answered.wait()
    await asyncio.sleep(0.1)
    gc.collect()
    assert answers[0]() is None


async def test_on_a_channel_that_is_closed_nothing_is_confirmed(opened, queue):
    channel, carrier = opened
    publisher, answers = Publisher(carrier, EVENTS), Answers()
    await channel.close()
    with pytest.raises(ChannelInvalidStateError):
        await publisher.publish([answers.message(queue.name)], within_s=PATIENCE_S)
    answer = (await answers.come())[b"event"]
    assert answer.cancelled() or answer.exception() is not None
