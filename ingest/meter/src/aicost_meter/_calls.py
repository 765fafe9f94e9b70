"""The decorator, the context manager, and the call that metered code can add to."""

from contextvars import ContextVar
import functools
import inspect
import os
import random
import time

from aicost_meter._gpu import Gpus
from aicost_meter._sender import SENDER, log

_CURRENT: ContextVar = ContextVar("aicost_call", default=None)
_RANDOM = random.Random(os.urandom(16))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _RANDOM.seed(os.urandom(16)))

_NAMES = {
    "model": "gen_ai.request.model",
    "provider": "gen_ai.provider.name",
    "input": "gen_ai.usage.input_tokens",
    "output": "gen_ai.usage.output_tokens",
    "cached_input": "gen_ai.usage.cache_read.input_tokens",
    "cache_write": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning": "gen_ai.usage.reasoning.output_tokens",
}
_KNOWN = frozenset(
    (
        *("model", "provider", "model_version", "feature", "experiment", "team", "customer"),
        *("workload", "run", "activity", "environment", "user", "pipeline", "agent_step"),
        *("serving_mode", "prompt_version", "region", "reason", "restarted_from", "git_commit"),
    )
)


class Call:
    """One metered call or run. Its methods add to it and never raise."""

    __slots__ = ("attributes", "error", "name", "parent", "span", "start", "trace")

    def __init__(self, name: str, attributes: dict) -> None:
        parent = _CURRENT.get()
        self.name, self.attributes, self.error = name, dict(attributes), ""
        self.span = _RANDOM.getrandbits(63) + 1
        if parent is None:
            self.trace, self.parent = _RANDOM.getrandbits(127) + 1, 0
        else:
            self.trace, self.parent = parent.trace, parent.span
        self.start = time.time_ns()

    def tokens(self, **counts: int) -> "Call":
        """Add token counts: input, output, cached_input, cache_write, reasoning. As in
        OpenTelemetry input has the cached tokens in it, output the reasoning tokens."""
        for name, count in counts.items():
            if name in ("input", "output", "cached_input", "cache_write", "reasoning"):
                self._add(_NAMES[name], count)
            else:
                _count_failure(f"no token class {name!r}")
        return self

    def moved(self, read: int = 0, written: int = 0) -> "Call":
        """Add bytes that were read and written."""
        self._add("aicost.read_bytes", read)
        self._add("aicost.written_bytes", written)
        return self

    def gpu(self, seconds: float) -> "Call":
        """Add GPU seconds: time multiplied by the number of GPUs held."""
        self._add("aicost.gpu_seconds", seconds)
        return self

    def set(self, **told: str) -> "Call":
        """Say more of it: model, feature, experiment, team, customer, user…"""
        try:
            self.attributes.update(_attributes(told))
        except Exception as error:
            _count_failure(error)
        return self

    def fail(self, error: str) -> "Call":
        """It failed although it raised nothing."""
        self.error = str(error)[:100]
        return self

    def _add(self, key: str, number) -> None:
        try:
            self.attributes[key] = self.attributes.get(key, 0) + number
        except Exception as error:
            _count_failure(error)

    def end(self, usage=None, result=None) -> None:
        try:
            if usage is not None and result is not None:
                self.tokens(**usage(result))
            SENDER.put(
                (self.name, self.trace, self.span, self.parent, self.start,
                 self.start + max(0, time.time_ns() - self.start), self.error, self.attributes)
            )  # fmt: skip
        except Exception as error:
            _count_failure(error)


def current() -> Call:
    """The innermost call that is metered right now; outside of any, one that goes nowhere."""
    return _CURRENT.get() or Call("nothing", {})


def _count_failure(error) -> None:
    """A mistake in metering is counted and told in the log, never raised."""
    SENDER.count("failed", 1)
    log.debug("a call could not be metered: %s", error)


def _attributes(told: dict) -> dict:
    unknown = sorted(set(told) - _KNOWN)
    if unknown:
        raise TypeError(f"no {', '.join(unknown)}; there are: {', '.join(sorted(_KNOWN))}")
    return {_NAMES.get(name, f"aicost.{name}"): value for name, value in told.items() if value}


def meter(function=None, *, usage=None, **told):
    """Meter a function, coroutine function, generator or async generator.

    `told` is what is known beforehand: model, provider, feature, experiment, team, customer…
    (TypeError for another word, when it is decorated). `usage(result)` gives its token counts as a
    dict; code inside may also say `current().tokens(input=…, output=…)`.
    """
    attributes = {"aicost.kind": "call", **_attributes(told)}

    def decorate(function):
        name = getattr(function, "__qualname__", "call")
        if inspect.isasyncgenfunction(function):
            return _async_generator(function, name, attributes)
        if inspect.iscoroutinefunction(function):
            return _coroutine(function, name, attributes, usage)
        if inspect.isgeneratorfunction(function):
            return _generator(function, name, attributes)
        return _function(function, name, attributes, usage)

    return decorate if function is None else decorate(function)


def _function(function, name, attributes, usage):
    @functools.wraps(function)
    def metered(*args, **kwargs):
        call = Call(name, attributes)
        token = _CURRENT.set(call)
        result = None
        try:
            result = function(*args, **kwargs)
            return result
        except BaseException as error:
            call.error = type(error).__name__
            raise
        finally:
            _CURRENT.reset(token)
            call.end(usage, result)

    return metered


def _coroutine(function, name, attributes, usage):
    @functools.wraps(function)
    async def metered(*args, **kwargs):
        call = Call(name, attributes)
        token = _CURRENT.set(call)
        result = None
        try:
            result = await function(*args, **kwargs)
            return result
        except BaseException as error:
            call.error = type(error).__name__
            raise
        finally:
            _CURRENT.reset(token)
            call.end(usage, result)

    return metered


def _generator(function, name, attributes):
    """The call is the current one only while the generator itself runs."""

    @functools.wraps(function)
    def metered(*args, **kwargs):
        call = Call(name, attributes)
        inner = function(*args, **kwargs)
        step, given = inner.send, None
        try:
            while True:
                token = _CURRENT.set(call)
                try:
                    item = step(given)
                except StopIteration as stop:
                    return stop.value
                finally:
                    _CURRENT.reset(token)
                try:
                    step, given = inner.send, (yield item)
                except GeneratorExit:
                    inner.close()
                    raise
                except BaseException as error:
                    step, given = inner.throw, error
        except GeneratorExit:
            raise
        except BaseException as error:
            call.error = type(error).__name__
            raise
        finally:
            call.end()

    return metered


def _async_generator(function, name, attributes):
    @functools.wraps(function)
    async def metered(*args, **kwargs):
        call = Call(name, attributes)
        inner = function(*args, **kwargs)
        step, given = inner.asend, None
        try:
            while True:
                token = _CURRENT.set(call)
                try:
                    item = await step(given)
                except StopAsyncIteration:
                    return
                finally:
                    _CURRENT.reset(token)
                try:
                    step, given = inner.asend, (yield item)
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    step, given = inner.athrow, error
        except GeneratorExit:
            raise
        except BaseException as error:
            call.error = type(error).__name__
            raise
        finally:
            call.end()

    return metered


class training_run:
    """Meter a training run: wall time, GPU seconds and utilisation, bytes moved, tokens.

        with training_run(experiment="ranker-v3", model="ranker") as run:
            run.tokens(input=1_000_000)

    Works in `async with` too. `gpus` is how many are held; without it those NVML shows this
    process. Says reason= (drift, data_fix, failure_restart) and restarted_from= (checkpoint,
    scratch) where they are known. TypeError for a word it does not know.
    """

    def __init__(self, *, gpus=None, activity="training", **told) -> None:
        self.attributes = {"aicost.kind": "run", **_attributes({**told, "activity": activity})}
        self.name = told.get("run") or told.get("experiment") or "training"
        self.gpus = Gpus(gpus)

    def __enter__(self) -> Call:
        self.call = Call(self.name, self.attributes)
        self.token = _CURRENT.set(self.call)
        self.bytes = _bytes_moved()
        self.gpus.begin()
        return self.call

    def __exit__(self, kind, error, trace) -> None:
        _CURRENT.reset(self.token)
        if kind is not None:
            self.call.error = kind.__name__
        try:
            self._measure()
        except Exception as failure:
            _count_failure(failure)
        self.call.end()

    async def __aenter__(self) -> Call:
        return self.__enter__()

    async def __aexit__(self, kind, error, trace) -> None:
        self.__exit__(kind, error, trace)

    def _measure(self) -> None:
        seconds, utilization = self.gpus.end()
        if seconds is not None and "aicost.gpu_seconds" not in self.call.attributes:
            self.call.attributes["aicost.gpu_seconds"] = seconds
        if utilization is not None:
            self.call.attributes["aicost.gpu.utilization"] = utilization
        now = _bytes_moved()
        if self.bytes and now:
            self.call.moved(now[0] - self.bytes[0], now[1] - self.bytes[1])


def _bytes_moved():
    """Bytes this process has read and written so far; None where the system does not say."""
    try:
        with open("/proc/self/io", encoding="ascii") as lines:
            told = dict(line.split(": ") for line in lines)
        return int(told["rchar"]), int(told["wchar"])
    except (OSError, KeyError, ValueError):
        return None
