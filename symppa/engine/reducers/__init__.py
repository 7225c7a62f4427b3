"""What is kept of a sweep, block by block: everything, the best, the front, counts, ranges, shapes of outputs."""

from symppa.engine.reducers.argbest import ArgBest, Champions
from symppa.engine.reducers.best import Best
from symppa.engine.reducers.counts import Count, Range
from symppa.engine.reducers.front import front
from symppa.engine.reducers.histogram import Bins, Histogram
from symppa.engine.reducers.kept import Feasible, Kept
from symppa.engine.reducers.limits import RELATIONS, TOLERANCE, Limit
from symppa.engine.reducers.pareto import Pareto
from symppa.engine.reducers.protocol import Judged, Reducer, Screen, Sink, Summary
from symppa.engine.reducers.quantiles import Quantiles, Spread
from symppa.engine.reducers.store import Store

__all__ = [
    "RELATIONS", "TOLERANCE", "ArgBest", "Best", "Bins", "Champions", "Count", "Feasible", "Histogram", "Judged",
    "Kept", "Limit", "Pareto", "Quantiles", "Range", "Reducer", "Screen", "Sink", "Spread", "Store", "Summary", "front",
]  # fmt: skip
