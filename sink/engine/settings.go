package engine

import (
	"runtime"
	"strconv"
	"strings"
)

// Caps of a reader's query. No setting can raise them.
const (
	maxSeconds   = 600    // of execution time
	maxBlockRows = 65_536 // of one block, which the engine writes at once
	blockNames   = 64 << 20
)

// bound is the range of a setting's value. The zero bound allows any value.
type bound struct{ min, max float64 }

// readerSettings are the settings that readers may change, in the URL and in SETTINGS clauses. All
// others are refused, because a setting can make the engine read files, connect to other hosts,
// crash, fill the disk or wait forever, and each release adds settings. max_memory_usage is also
// bounded, by the machine's memory.
var readerSettings = settingList(map[string]bound{
	"max_execution_time": {0.001, maxSeconds},
	"max_threads":        {1, float64(max(2*runtime.NumCPU(), 16))},
	"max_block_size":     {1, maxBlockRows},
}, `
	max_memory_usage max_rows_to_read max_bytes_to_read read_overflow_mode max_result_rows max_result_bytes
	result_overflow_mode max_rows_to_group_by group_by_overflow_mode max_rows_to_sort sort_overflow_mode
	limit extremes final

	join_use_nulls join_algorithm join_default_strictness transform_null_in group_by_use_nulls totals_mode
	union_default_mode intersect_default_mode except_default_mode aggregate_functions_null_for_empty
	data_type_default_nullable cast_keep_nullable cast_ipv4_ipv6_default_on_conversion_error
	cast_string_to_dynamic_use_inference prefer_column_name_to_alias enable_positional_arguments
	count_distinct_implementation session_timezone date_time_input_format date_time_output_format
	date_time_overflow_behavior allow_suspicious_low_cardinality_types allow_suspicious_types_in_group_by
	allow_suspicious_types_in_order_by allow_experimental_json_type allow_experimental_dynamic_type
	allow_experimental_variant_type

	do_not_merge_across_partitions_select_final use_skip_indexes use_skip_indexes_if_final
	use_skip_indexes_if_final_exact_mode force_primary_key optimize_read_in_order
	optimize_aggregation_in_order optimize_move_to_prewhere optimize_move_to_prewhere_if_final
	optimize_use_projections

	bool_true_representation bool_false_representation format_csv_delimiter format_csv_null_representation
	format_tsv_null_representation format_custom_escaping_rule format_custom_field_delimiter
	format_custom_row_before_delimiter format_custom_row_after_delimiter format_custom_row_between_delimiter
	format_custom_result_before_delimiter format_custom_result_after_delimiter
	format_json_object_each_row_column_for_object_name
`, `
	json_quote_64bit_integers json_quote_denormals json_quote_decimals json_quote_64bit_floats
	json_escape_forward_slashes json_named_tuples_as_objects json_skip_null_value_in_named_tuples
	json_array_of_rows json_validate_utf8 json_pretty_print json_map_as_array_of_tuples
	csv_crlf_end_of_line csv_serialize_tuple_into_separate_columns tsv_crlf_end_of_line
	csv_header_serialize_tuple_into_separate_columns markdown_escape_special_characters
	pretty_max_rows pretty_max_column_pad_width pretty_max_value_width pretty_color pretty_grid_charset
	pretty_row_numbers pretty_highlight_digit_groups pretty_display_footer_column_names
	pretty_max_value_width_apply_for_single_value pretty_single_large_number_tip_threshold
	pretty_multiline_fields pretty_fallback_to_vertical pretty_named_tuples_as_json
	decimal_trailing_zeros always_write_decimal_point_in_float_and_decimal float_precision
	trim_fixed_string write_statistics values_escape_quote_with_quote bson_string_as_string
	native_encode_types_in_binary_format native_write_json_as_string
	native_use_flattened_dynamic_and_json_serialization
	binary_encode_types_in_binary_format binary_write_json_as_string
	parquet_string_as_string parquet_fixed_string_as_fixed_byte_array parquet_compression_method parquet_version
	parquet_datetime_as_uint32 parquet_date_as_uint16 parquet_enum_as_byte_array
	parquet_compliant_nested_types parquet_unsupported_types_as_binary
	arrow_low_cardinality_as_dictionary arrow_string_as_string arrow_fixed_string_as_fixed_byte_array
	arrow_compression_method arrow_date_as_uint16 arrow_uuid_as_fixed_byte_array
	arrow_use_signed_indexes_for_dictionary arrow_use_64_bit_indexes_for_dictionary
	orc_string_as_string orc_compression_method sql_insert_table_name sql_insert_include_column_names
	sql_insert_use_replace sql_insert_quote_names sql_insert_max_batch_size
`)

// writerSettings have no effect on reading. Clients send them with every request, so they are
// ignored.
var writerSettings = words("async_insert wait_for_async_insert async_insert_busy_timeout_ms async_insert_max_data_size " +
	"insert_deduplicate insert_deduplication_token max_partitions_per_insert_block max_insert_block_size " +
	"fsync_metadata optimize_on_insert insert_null_as_default mutations_sync alter_sync")

// settingList adds settings without bounds to bounded: names, and output, which lists names without
// output_format_.
func settingList(bounded map[string]bound, names, output string) map[string]bound {
	for name := range words(names) {
		bounded[name] = bound{}
	}
	for name := range words(output) {
		bounded["output_format_"+name] = bound{}
	}
	return bounded
}

// maxValue is the maximum length of a setting's value. No setting that readers may change needs
// more.
const maxValue = 256

// blockRows returns the maximum number of rows in a block. Some formats repeat names in each row,
// and names can be as long as the query and its parameters.
func (q *request) blockRows() int {
	length := len(q.query.text)
	for _, p := range q.params {
		length += len(p.value)
	}
	return min(maxBlockRows, max(blockNames/max(length, 1), 1))
}

// checkSetting refuses a setting that readers may not change, and a value that would raise a cap.
// The value is in the form of a URL or of SQL. rows is the number of rows in a block.
func (e *engine) checkSetting(name, value string, rows int) error {
	b, ok := readerSettings[name]
	switch {
	case !ok && e.settings[name]:
		return refuse(codeConstraint, "Setting %s is not available to readers of the embedded engine", name)
	case !ok:
		return refuse(codeUnknownSetting, "Unknown setting '%.100s'", name)
	case len(value) > maxValue:
		return refuse(codeConstraint, "The value of setting %s is longer than %d bytes", name, maxValue)
	case name == "max_memory_usage":
		b = bound{1, float64(e.memory)}
	case name == "max_block_size":
		b = bound{1, float64(rows)}
	}
	if b == (bound{}) {
		return nil
	}
	n, err := strconv.ParseFloat(strings.Trim(value, "'"), 64)
	if err != nil {
		return refuse(codeBadArguments, "Setting %s must be a number, not %s", name, value)
	}
	if !(n >= b.min && n <= b.max) {
		return refuse(codeConstraint, "Setting %s of a reader must be a number from %v to %v, not %s",
			name, b.min, strconv.FormatFloat(b.max, 'f', -1, 64), value)
	}
	return nil
}
