package io.github.kerasrestore.app.view

import android.graphics.Bitmap
import android.graphics.Rect

/**
 * A part of the picture in more pixels than the preview has.
 *
 * @property area where it lies, in pixels of the picture.
 * @property before the part as it was.
 * @property after the part as it became, `null` before there is a result.
 */
class Detail(val area: Rect, val before: Bitmap, val after: Bitmap?)
