package io.github.kerasrestore.core

import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class ViewportTest {
    private val view = Viewport(1000f, 800f, 4000, 2000)

    private fun near(wanted: Float, found: Float, slack: Float = 0.01f) =
        assertEquals(wanted.toDouble(), found.toDouble(), slack.toDouble())

    @Test
    fun `a picture fits the view and lies in its middle`() {
        near(0.25f, view.scale)
        near(0f, view.left)
        near(1000f, view.right)
        near(150f, view.top)
        near(650f, view.bottom)
        near(2000f, view.imageX(500f))
        near(1000f, view.imageY(400f))
    }

    @Test
    fun `what is under the fingers stays there while zooming`() {
        val zoomed = view.zoomedBy(3f, 600f, 400f)
        near(3f, zoomed.zoom)
        near(view.imageX(600f), zoomed.imageX(600f))
        near(view.imageY(400f), zoomed.imageY(400f))
    }

    @Test
    fun `zoom has its limits`() {
        near(8f, view.zoomedBy(1e9f, 1f, 1f).scale)
        near(1f, view.zoomedBy(1e-9f, 1f, 1f).zoom)
        for (factor in listOf(0f, -2f, Float.NaN, Float.POSITIVE_INFINITY)) {
            assertEquals(view, view.zoomedBy(factor, 1f, 1f))
        }
        // A picture of a few pixels is not shrunk to them.
        val tiny = Viewport(1000f, 800f, 2, 1)
        near(1f, tiny.maxZoom)
        near(1f, tiny.zoomedBy(5f, 0f, 0f).zoom)
    }

    @Test
    fun `a double tap shows pixels one to one, the next one everything`() {
        val pixels = view.toggled(300f, 300f)
        near(1f, pixels.scale)
        assertEquals(view, pixels.toggled(10f, 10f))
        // A small picture, which is enlarged already, is zoomed all the same.
        val small = Viewport(1000f, 800f, 400, 300).toggled(500f, 400f)
        near(2f, small.zoom)
    }

    @Test
    fun `a picture cannot be dragged away`() {
        assertEquals(view, view.pannedBy(300f, -200f))
        val zoomed = view.zoomedBy(4f, 500f, 400f)
        val moved = zoomed.pannedBy(100f, 50f)
        near(zoomed.left + 100f, moved.left, 0.1f)
        near(zoomed.top + 50f, moved.top, 0.1f)
        near(0f, zoomed.pannedBy(1e6f, 0f).left, 0.1f)
        near(1000f, zoomed.pannedBy(-1e6f, 0f).right, 0.1f)
        near(0f, zoomed.pannedBy(0f, 1e6f).top, 0.1f)
        near(800f, zoomed.pannedBy(0f, -1e6f).bottom, 0.1f)
    }

    @Test
    fun `a turned phone shows the same part`() {
        val zoomed = view.zoomedBy(4f, 700f, 500f)
        val turned = zoomed.resized(800f, 1000f)
        near(zoomed.imageX(500f), turned.imageX(400f), 1f)
        near(zoomed.zoom, turned.zoom)
    }

    @Test
    fun `no gesture leaves the picture`() {
        val random = Random(3)
        var viewport = view
        repeat(5000) {
            viewport = when (random.nextInt(4)) {
                0 -> viewport.pannedBy(any(random), any(random))
                1 -> viewport.zoomedBy(
                    random.nextFloat() * 3, any(random), any(random),
                )
                2 -> viewport.toggled(any(random), any(random))
                else -> viewport.resized(
                    1 + random.nextFloat() * 2000, 1 + random.nextFloat() * 999,
                )
            }
            assertTrue(viewport.zoom in 1f..viewport.maxZoom)
            // Nothing empty on a side where the picture could be.
            val width = viewport.right - viewport.left
            val slack = 0.01f * width + 1f
            if (width >= viewport.viewWidth) {
                assertTrue(viewport.left <= slack)
                assertTrue(viewport.right >= viewport.viewWidth - slack)
            } else {
                near(
                    viewport.viewWidth / 2,
                    (viewport.left + viewport.right) / 2,
                    slack,
                )
            }
        }
    }

    private fun any(random: Random) = (random.nextFloat() - 0.5f) * 4000

    @Test
    fun `the divider follows the finger over what can be seen`() {
        val tall = Viewport(1000f, 800f, 1000, 2000)
        near(300f, tall.left)
        val divider = Divider()
        near(500f, divider.x(tall))
        assertTrue(divider.isHit(520f, tall, 24f))
        assertTrue(!divider.isHit(530f, tall, 24f))
        near(0.25f, divider.movedTo(400f, tall).position)
        near(0f, divider.movedTo(-50f, tall).position)
        near(1f, divider.movedTo(5000f, tall).position)
        assertEquals(divider, divider.movedTo(Float.NaN, tall))
        // Zoomed in, it runs over the whole view.
        val zoomed = tall.zoomedBy(9f, 500f, 400f)
        near(0.4f, divider.movedTo(400f, zoomed).position)
    }

    @Test
    fun `the divider is told in per cent`() {
        val divider = Divider(0.334f)
        assertEquals(33 to 67, divider.beforePercent to divider.afterPercent)
        assertEquals(43, divider.movedBy(10).beforePercent)
        assertEquals(0, divider.movedBy(-90).beforePercent)
        assertEquals(100, divider.movedBy(90).beforePercent)
        assertFailsWith<IllegalArgumentException> { Divider(1.01f) }
        assertFailsWith<IllegalArgumentException> { Divider(Float.NaN) }
        assertFailsWith<IllegalArgumentException> { Viewport(0f, 1f, 1, 1) }
        assertFailsWith<IllegalArgumentException> { Viewport(1f, 1f, 0, 1) }
    }
}
