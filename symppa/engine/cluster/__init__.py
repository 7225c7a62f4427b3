"""Windows of a grid on the workers of a Dask cluster: each is seen by one worker, and what they found is joined there.

What travels are plain data and names of functions of this package: a program as its JSON, values, reducers without
their grid. The answer is the same whatever the windows, the workers and the order they finish in.
"""

from symppa.engine.cluster.connect import workers
from symppa.engine.cluster.ground import Ground
from symppa.engine.cluster.tasks import finished, hand, value_of
from symppa.engine.cluster.tree import reduce

__all__ = ["Ground", "finished", "hand", "reduce", "value_of", "workers"]
