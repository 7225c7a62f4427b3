"""Power that flows through a chip whether it works or not."""

from symppa.language import Model, formula, given, reals


class Leakage(Model):
    """What each kind of component leaks, all of its copies together."""

    arrays = given("nW", "crossbars", domain=reals(0), default="0 nW")
    dac = given("nW", "input converters", domain=reals(0), default="0 nW")
    adc_draft = given("nW", "draft converters", domain=reals(0), default="0 nW")
    adc_residual = given("nW", "residual converters", domain=reals(0), default="0 nW")
    input_registers = given("nW", "input registers", domain=reals(0), default="0 nW")
    output_registers = given("nW", "output registers", domain=reals(0), default="0 nW")
    tia = given("nW", "transimpedance amplifiers", domain=reals(0), default="0 nW")
    snh = given("nW", "sample-and-hold stages", domain=reals(0), default="0 nW")
    mux = given("nW", "multiplexers", domain=reals(0), default="0 nW")
    io_buffers = given("nW", "buffers of the periphery", domain=reals(0), default="0 nW")
    subarray_switches = given("nW", "switches between crossbars", domain=reals(0), default="0 nW")
    write_drivers = given("nW", "write drivers", domain=reals(0), default="0 nW")
    attention_engine = given("nW", "attention engines", domain=reals(0), default="0 nW")
    softmax_unit = given("nW", "softmax units", domain=reals(0), default="0 nW")
    elementwise_unit = given("nW", "elementwise units", domain=reals(0), default="0 nW")
    kv_cache = given("nW", "units that write keys and values", domain=reals(0), default="0 nW")
    buffers_add = given("nW", "buffers and adders", domain=reals(0), default="0 nW")
    control = given("nW", "control", domain=reals(0), default="0 nW")
    sram = given("nW", "buffer on the chip", domain=reals(0), default="0 nW")
    hbm = given("nW", "memory beside the chip", domain=reals(0), default="0 nW")
    fabric = given("nW", "fabric to the memories", domain=reals(0), default="0 nW")

    power = formula(
        "nW",
        arrays
        + (dac + adc_draft + adc_residual + input_registers + output_registers)
        + (tia + snh + mux + io_buffers + subarray_switches + write_drivers)
        + (attention_engine + softmax_unit + elementwise_unit + kv_cache + buffers_add + control)
        + (sram + hbm + fabric),
        "leakage of the chip and its memories",
        derived=True,
    )
