#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| joedb_fuzz::pack::run(data));
