"""The same topics with nothing of newsloom: aiokafka, JSON and the CloudEvents headers.

python examples/plain_aiokafka.py HOST:PORT TOPIC
"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer


async def main(bootstrap: str, topic: str) -> None:
    """Print every record of a topic from its beginning, until Ctrl-C."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=9 * 1024 * 1024,  # the largest record is 8 MiB
    )
    async with consumer:
        async for record in consumer:
            event = {name: value.decode() for name, value in record.headers}
            value = json.loads(record.value) if record.value else {}
            title = value.get("title") or value.get("article", {}).get("title")
            print(f"{record.partition}:{record.offset} {event['ce_id']} {event['ce_subject']} {title}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
