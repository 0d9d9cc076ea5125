#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| joedb_fuzz::json_lines::run(data));
