"""Several actors on one book and one broker, taken step by step in an order that a seed decides.

Nobody sleeps: an actor stops before each call to book, broker or clock, and the stage says who goes on. So a
process that waits, or was put to sleep at the worst moment, is one order of steps among the others, and each
order can be run again.
"""

import threading


class Stage:
    """Who goes on is drawn by `rng`, one step at a time."""

    def __init__(self, rng):
        self._rng, self._actors, self._back = rng, {}, threading.Semaphore(0)
        self._local = threading.local()
        self.problems, self.steps = [], 0

    def enter(self, name, act):
        """Let an actor wait for its first step; `act` is called in a thread of its own."""
        turn = threading.Semaphore(0)

        def run():
            self._local.turn = turn
            turn.acquire()
            try:
                act()
            except BaseException as error:
                self.problems.append(f"{name}: {error!r}")
            finally:
                del self._actors[name]
                self._back.release()

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._actors[name] = turn
        thread.start()

    def point(self):
        """Wait until it is this actor's turn again."""
        self.steps += 1
        self._back.release()
        self._local.turn.acquire()

    def play(self, *, most=20_000):
        """Go on until every actor has ended; one that never ends is a problem."""
        while self._actors:
            if self.steps > most:
                self.problems.append(f"still going after {most} steps: {sorted(self._actors)}")
                return
            self._actors[self._rng.choice(sorted(self._actors))].release()
            self._back.acquire()

    def watched(self, thing):
        """Return a thing whose every method waits for the actor's turn first."""
        return _Watched(self, thing)


class _Watched:
    def __init__(self, stage, thing):
        self._stage, self._thing = stage, thing

    def __getattr__(self, name):
        found = getattr(self._thing, name)
        if not callable(found):
            return found

        def call(*words, **more):
            self._stage.point()
            return found(*words, **more)

        return call
