"""Decoder-only transformers, as the matrices and vectors one token meets."""

from sympy import Rational

from symppa.language import Model, choices, formula, given, index, integers, total

PRECISION = choices("draft", "full")


class Network(Model):
    """A transformer: layers of few kinds, alike but for the precision their blocks are drafted with."""

    kinds = index("kinds of layers")
    layers = given("1", "layers of a kind", domain=integers(0), over=kinds, default=1, symbol="n")
    qkv_precision = given("1", "precision qkv is drafted with", over=kinds, domain=PRECISION, default="draft")
    wo_precision = given("1", "precision wo is drafted with", over=kinds, domain=PRECISION, default="draft")
    ffn_precision = given("1", "precision ffn is drafted with", over=kinds, domain=PRECISION, default="draft")
    width = given("1", "model width", domain=integers(1), symbol="d")
    heads = given("1", "query heads", domain=integers(1), symbol="h")
    hidden = given("1", "width of the feed-forward block", domain=integers(1), symbol="f")
    feed_forward = given("1", "kind of feed-forward block", domain=choices("mlp", "swiglu"), default="mlp", symbol="g")
    activation_bits = given("1", "resolution of an activation", domain=integers(1), symbol="b")

    depth = formula("1", total(layers, over=kinds), "layers", derived=True, symbol="N")
    qkv_full = formula("1", total(layers * qkv_precision, over=kinds), "layers that draft qkv in full", derived=True)
    wo_full = formula("1", total(layers * wo_precision, over=kinds), "layers that draft wo in full", derived=True)
    ffn_full = formula("1", total(layers * ffn_precision, over=kinds), "layers that draft ffn in full", derived=True)
    qkv_outputs = formula("1", ..., "outputs of qkv")
    attention_width = formula("1", ..., "outputs of all query heads")
    cache_values = formula("1", ..., "values a layer keeps of a token")
    cache_heads = formula("1", ..., "heads with keys and values of their own")


class PlainTransformer(Network):
    """Every query head has its own keys and values, and all heads together are as wide as the model."""

    qkv_outputs = formula("1", 3 * Network.width, source="vaswani2017")
    attention_width = formula("1", Network.width, source="vaswani2017")
    cache_values = formula("1", 2 * Network.width, source="vaswani2017")
    cache_heads = formula("1", Network.heads, source="vaswani2017")


class Transformer(Network):
    """Query heads share keys and values in groups, and a head is as wide as it is."""

    head_width = given("1", "width of a head", domain=integers(1), symbol=r"d_\mathrm{h}")
    groups = given("1", "heads with keys and values of their own", domain=integers(1), symbol=r"h_\mathrm{kv}")
    vocabulary = given("1", "tokens the network can say", domain=integers(0), symbol="V")
    tied = given("1", "embedding and head share their weights", domain=choices("separate", "shared"), default="shared")

    attention_width = formula("1", Network.heads * head_width, source="ainslie2023")
    cache_values = formula("1", 2 * groups * head_width, source="ainslie2023")
    cache_heads = formula("1", groups, source="ainslie2023")
    qkv_outputs = formula("1", attention_width + cache_values, source="ainslie2023")
    head_weights = formula("1", vocabulary * Network.width, "weights that turn a state into a token", derived=True)
    layer_weights = formula(
        "1",
        Network.width * (qkv_outputs + attention_width) + (2 + Network.feed_forward) * Network.width * Network.hidden,
        "weights of a layer, norms aside",
        derived=True,
    )
    weights = formula(
        "1",
        Network.depth * layer_weights + (2 - tied) * head_weights,
        "weights of the network, norms aside",
        derived=True,
    )


NORMS = Rational(2)  # before attention and before the feed-forward block
