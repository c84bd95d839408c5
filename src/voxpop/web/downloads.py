"""Files that are streamed in chunks: memory stays small at any size."""

from collections.abc import AsyncIterator

from litestar.response import Stream


async def download(chunks: AsyncIterator[bytes], media_type: str, filename: str) -> Stream:
    """A file of these chunks. The first two are read at once: an early failure becomes an error response."""
    first = [await anext(chunks, b""), await anext(chunks, b"")]

    async def all_chunks() -> AsyncIterator[bytes]:
        for chunk in first:
            yield chunk
        async for chunk in chunks:
            yield chunk

    headers = {"content-disposition": f'attachment; filename="{filename}"'}
    return Stream(all_chunks(), media_type=media_type, headers=headers)
