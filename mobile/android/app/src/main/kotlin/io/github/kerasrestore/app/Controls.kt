package io.github.kerasrestore.app

import android.view.View
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.TextView

/** Takes a view off the screen or puts it back. */
fun View.hide(hidden: Boolean) {
    visibility = if (hidden) View.GONE else View.VISIBLE
}

/** Says the same text only once, as screen readers read it each time. */
fun TextView.say(text: String) {
    if (this.text.toString() != text) this.text = text
}

/** Fills a list that one entry is chosen from. */
fun Spinner.fill(entries: List<String>) {
    adapter = ArrayAdapter(
        context, android.R.layout.simple_spinner_item, entries,
    ).apply {
        setDropDownViewResource(
            android.R.layout.simple_spinner_dropdown_item,
        )
    }
}

/** Shows an entry as the chosen one. */
fun Spinner.show(place: Int) {
    if (place != selectedItemPosition) setSelection(place)
}

/** Calls with the place of the entry that is chosen. */
fun Spinner.onChoice(act: (Int) -> Unit) {
    onItemSelectedListener = object : AdapterView.OnItemSelectedListener {
        override fun onItemSelected(
            parent: AdapterView<*>?,
            view: View?,
            position: Int,
            id: Long,
        ) = act(position)

        override fun onNothingSelected(parent: AdapterView<*>?) = Unit
    }
}

/** Calls with the value that somebody has set. */
fun SeekBar.onMove(act: (Int) -> Unit) {
    setOnSeekBarChangeListener(
        object : SeekBar.OnSeekBarChangeListener {
            override fun onProgressChanged(
                bar: SeekBar?,
                value: Int,
                byHand: Boolean,
            ) {
                if (byHand) act(value)
            }

            override fun onStartTrackingTouch(bar: SeekBar?) = Unit

            override fun onStopTrackingTouch(bar: SeekBar?) = Unit
        },
    )
}
