"""The metrics of several processes as those of one."""

from voxpop.web.service_metrics import add_up

HEAD = """# HELP voxpop_requests_total Requests
# TYPE voxpop_requests_total counter
"""
ONE = f"""{HEAD}voxpop_requests_total{{route="/a",status="200"}} 2.0
voxpop_requests_total{{route="/b",status="200"}} 1.0
# TYPE voxpop_seconds histogram
voxpop_seconds_bucket{{le="0.1"}} 3.0
voxpop_seconds_bucket{{le="+Inf"}} 4.0
voxpop_seconds_count 4.0
voxpop_seconds_sum 0.5
# TYPE voxpop_pool_connections gauge
voxpop_pool_connections{{state="idle"}} 3.0
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1000.0
# TYPE process_max_fds gauge
process_max_fds 64.0
"""
OTHER = ONE.replace(" 2.0", " 5.0").replace("1000.0", "1001.0").replace('route="/b"', 'route="/c"')


def test_counts_are_added_and_limits_are_not() -> None:
    lines = add_up([ONE.encode(), OTHER.encode()]).decode().splitlines()
    for line in (
        'voxpop_requests_total{route="/a",status="200"} 7.0',
        'voxpop_requests_total{route="/b",status="200"} 1.0',
        'voxpop_requests_total{route="/c",status="200"} 1.0',
        'voxpop_seconds_bucket{le="0.1"} 6.0',
        'voxpop_seconds_bucket{le="+Inf"} 8.0',
        "voxpop_seconds_count 8.0",
        "voxpop_seconds_sum 1.0",
        'voxpop_pool_connections{state="idle"} 6.0',
        "process_start_time_seconds 1000.0",
        "process_max_fds 64.0",
    ):
        assert lines.count(line) == 1, line
    assert lines.count("# TYPE voxpop_requests_total counter") == 1
