package dev.edgeisp.camera

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Matrix
import android.graphics.Paint
import android.graphics.RectF
import android.util.AttributeSet
import android.view.MotionEvent
import android.view.View

/** Our picture left of a line, the phone's right of it; the line is dragged. */
class CompareView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val paint = Paint(Paint.FILTER_BITMAP_FLAG)
    private val line = Paint().apply {
        color = context.getColor(R.color.accent)
        strokeWidth = 2 * resources.displayMetrics.density
    }

    /** Null until they are read, and the phone's where it gave none. */
    var ours: Bitmap? = null
        set(value) { field = value; invalidate() }
    var phones: Bitmap? = null
        set(value) { field = value; invalidate() }

    /** Where the line is, 0 to 1. */
    var share = 0.5f
        set(value) { field = value; invalidate() }

    /** Told of a drag. */
    var dragged: (Float) -> Unit = {}

    override fun onDraw(canvas: Canvas) {
        val ours = ours ?: return
        val place = place(ours)
        canvas.drawBitmap(ours, null, place, paint)
        val phones = phones ?: return
        val at = place.left + share * place.width()
        canvas.save()
        canvas.clipRect(at, place.top, place.right, place.bottom)
        canvas.drawBitmap(phones, null, place, paint)
        canvas.restore()
        canvas.drawLine(at, place.top, at, place.bottom, line)
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        val ours = ours
        if (ours == null || phones == null || width == 0) return super.onTouchEvent(event)
        val place = place(ours)
        share = ((event.x - place.left) / place.width()).coerceIn(0f, 1f)
        dragged(share)
        if (event.action == MotionEvent.ACTION_UP) performClick()
        return true
    }

    override fun performClick(): Boolean = super.performClick()

    /** Where the pictures are in the view. */
    private fun place(ours: Bitmap): RectF {
        val place = RectF(0f, 0f, ours.width.toFloat(), ours.height.toFloat())
        val fit = Matrix()
        fit.setRectToRect(place, RectF(0f, 0f, width.toFloat(), height.toFloat()), Matrix.ScaleToFit.CENTER)
        fit.mapRect(place)
        return place
    }
}
